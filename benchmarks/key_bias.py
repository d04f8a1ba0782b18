"""How far Adam moves the bias of the keys, whose true gradient is zero.

Run by hand: `python -m benchmarks.key_bias`; `--write docs/key-bias.md` puts the table
between the markers of that page. All runs have the same parameters, batches and seed.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.tables import written
from diptych.training.batches import Batches
from diptych.training.recipe import Recipe
from diptych.training.run import TRAINERS
from diptych.training.state import Array, initial_state, take_step
from diptych.training.text import read_text
from parity_tests.text.sample_text import jargon_file

STEPS = 120
BIASES = {"key": "W_key.bias", "query": "W_query.bias"}
RECIPE = replace(Recipe(), qkv_bias=True)  # the schedule is that of 300 steps
RUNS = {  # precision, and what is added to the root
    "float64": replace(RECIPE, dtype="float64"),
    "float32": replace(RECIPE, dtype="float32"),
    "float32, ε 1e-5": replace(RECIPE, dtype="float32", eps=1e-5),
}
BEGIN, END = "<!-- begin: key_bias -->", "<!-- end: key_bias -->"


def measured(recipe: Recipe, backend: str) -> dict[str, tuple[float, float]]:
    """Train; return the largest gradient at the last step, and the largest number.

    Biases begin at zero, so the number is how far the bias has moved.
    """
    batches = Batches(read_text(jargon_file(), "bytes").ids, recipe)
    trainer = TRAINERS[backend](recipe, initial_state(recipe))
    for number in range(STEPS):
        take_step(trainer, batches[number])
    gradients, parameters = trainer.gradients(), trainer.state().parameters
    return {
        name: (largest(gradients, ending), largest(parameters, ending))
        for name, ending in BIASES.items()
    }


def largest(arrays: Mapping[str, Array], ending: str) -> float:
    """Return the largest size of a number in all arrays of such a name."""
    return max(float(np.abs(a).max()) for n, a in arrays.items() if n.endswith(ending))


def table() -> str:
    """Run everything, and write a table."""
    rows = []
    for run, recipe in RUNS.items():
        for backend in TRAINERS:
            found = measured(recipe, backend)
            numbers = [f"{n:.0e}" for name in BIASES for n in found[name]]
            rows.append([f"{run}, {backend}", *numbers])
    heads = [
        f"after {STEPS} steps",
        *(
            f"{name} bias, {what}"
            for name in BIASES
            for what in ("gradient", "moved by")
        ),
    ]
    return written(heads, rows)


def main() -> None:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", type=Path)
    page = parser.parse_args().write
    torch.set_num_threads(1)
    found = table()
    print(found)
    if page:
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
