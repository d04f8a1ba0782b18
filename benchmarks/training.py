"""How long a training step in NumPy takes, as a ratio to PyTorch's within one run.

Run by hand: `python -m benchmarks.training`. One thread each, CPU seconds, steps in
turn, and the median of the ratios counts. `--profile` prints what the step in NumPy
spends its time on.
"""

import argparse
import cProfile
import os
import pstats
import statistics
import time
from dataclasses import replace

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when NumPy is loaded

import torch

from benchmarks.encode import processor
from diptych.training.batches import Batches
from diptych.training.recipe import Recipe
from diptych.training.run import TRAINERS
from diptych.training.state import initial_state, take_step
from diptych.training.text import read_text
from parity_tests.text.sample_text import jargon_file

SIZES = {
    "C 64, L 2, T 64, B 16": Recipe(),
    "C 128, L 4, T 128, B 12": replace(
        Recipe(), emb_dim=128, n_layers=4, context_length=128, batch_size=12
    ),
}
WARM_UP = 3  # steps that do not count


def compared(recipe: Recipe, times: int) -> tuple[dict[str, float], float]:
    """Take steps in turn; return medians in ms, and the median ratio to PyTorch's."""
    batches = Batches(read_text(jargon_file(), "bytes").ids, recipe)
    state = initial_state(recipe)
    trainers = {name: make(recipe, state) for name, make in TRAINERS.items()}
    found: dict[str, list[float]] = {name: [] for name in trainers}
    for number in range(WARM_UP + times):
        batch = batches[number]
        for name, trainer in trainers.items():
            start = time.process_time()
            take_step(trainer, batch)
            found[name].append(time.process_time() - start)
    counted = {name: taken[WARM_UP:] for name, taken in found.items()}
    pairs = zip(counted["numpy"], counted["torch"], strict=True)
    ratio = statistics.median(one / other for one, other in pairs)
    return {n: 1000 * statistics.median(ts) for n, ts in counted.items()}, ratio


def profiled(recipe: Recipe) -> None:
    """Print what a step in NumPy spends its time on."""
    batches = Batches(read_text(jargon_file(), "bytes").ids, recipe)
    trainer = TRAINERS["numpy"](recipe, initial_state(recipe))
    profile = cProfile.Profile()
    with profile:
        for number in range(10):
            take_step(trainer, batches[number])
    pstats.Stats(profile).sort_stats("tottime").print_stats(15)


def main() -> None:
    """Print milliseconds a step and the ratio, for two sizes and two precisions."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{processor()}; one thread each")
    for name, size in SIZES.items():
        for dtype in ("float64", "float32"):
            recipe = replace(size, dtype=dtype)
            if options.profile:
                profiled(recipe)
                continue
            ms, ratio = compared(recipe, options.times)
            written = ", ".join(f"{name} {taken:.0f} ms" for name, taken in ms.items())
            print(f"{name}, {dtype}: {written}; NumPy takes {ratio:.2f} × torch")


if __name__ == "__main__":
    main()
