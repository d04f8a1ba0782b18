"""Which rule sees which numeric defect, and which one cries wolf?

Run by `make evidence`, or `python -m benchmarks.evidence`: it prints Markdown tables;
`--write FILE` puts them between the markers of a file. Everything is seeded.

A defect runs in the NumPy side of multi-head attention and is compared with the
PyTorch side, which is right, so honest rounding is in every comparison. Cases have
2 to 16 tokens, 1 to 3 heads of 1 to 8 channels, and weights drawn from N(0, 1/d_in),
so scores grow with the square of the input's scale: at 30 they reach the hundreds, at
1,000 a million.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from benchmarks.numeric_defects import DEFECTS
from benchmarks.rules import MULTI_HEAD, RULES, Trial, run, try_out
from parity_tests.attention.cases import numbers
from parity_tests.concept import Case
from parity_tests.known_mistakes.build import mistaken_class

BEGIN, END = "<!-- begin: evidence -->", "<!-- end: evidence -->"
SCALES = (1e-3, 1.0, 30.0, 1e3)
PATTERNS = ("normal", "ties", "ramp", "one-hot")
N_DEFECTIVE = 200  # cases for each defect, scale and dtype
N_CORRECT = 2_500  # cases for each scale and dtype


def draw_case(rng: np.random.Generator, scale: float, dtype: str) -> Case:
    """Draw sizes, an input of a scale, and weights that keep that scale."""
    num_heads, head_dim = int(rng.integers(1, 4)), int(rng.integers(1, 9))
    d_in, dropout = int(rng.integers(1, 17)), 0.0
    n_tokens, seed = int(rng.integers(2, 17)), int(rng.integers(2**32))
    config = {
        "d_in": d_in,
        "d_out": num_heads * head_dim,
        "context_length": n_tokens,
        "dropout": dropout,
        "num_heads": num_heads,
        "qkv_bias": bool(rng.integers(2)),
    }
    pattern, shape = str(rng.choice(PATTERNS)), (2, n_tokens, d_in)
    x = scale * numbers(pattern, shape, seed)
    state = MULTI_HEAD.reference(**config).state_dict()
    weights = {
        name: (rng.normal(size=array.shape) / array.shape[-1] ** 0.5).astype(dtype)
        for name, array in state.items()
    }
    return Case(config, {"x": x.astype(dtype)}, weights, seed=seed)


def rejected(variant: type, trials: list[Trial]) -> list[int]:
    """Count for each rule the cases in which it sees a difference."""
    counts = [0] * len(RULES)
    for trial in trials:
        actual = run(variant, trial.case)
        for place, accepts in enumerate(RULES.values()):
            counts[place] += not accepts(trial, actual)
    return counts


def table(dtype: str) -> str:
    """Write the table of one dtype: a row for each defect, a column for each rule."""
    shares: dict[str, list[list[str]]] = {each.title: [] for each in DEFECTS}
    alarms = np.zeros(len(RULES), int)
    for number, scale in enumerate(SCALES):
        rng = np.random.default_rng([number, *dtype.encode()])
        trials = [try_out(draw_case(rng, scale, dtype)) for _ in range(N_CORRECT)]
        alarms += rejected(MULTI_HEAD.reference, trials)
        for each in DEFECTS:
            counts = rejected(mistaken_class(each), trials[:N_DEFECTIVE])
            shares[each.title].append([share(count / N_DEFECTIVE) for count in counts])
    rows = [[f"{dtype}, at scales 10⁻³ · 1 · 30 · 10³", *RULES]]
    rows += [["---", *["---:"] * len(RULES)]]
    rows += [
        [title, *map(" · ".join, zip(*of, strict=True))] for title, of in shares.items()
    ]
    n_correct = N_CORRECT * len(SCALES)
    rows += [[f"false alarms in {n_correct:,} right cases", *map(str, alarms)]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def share(part: float) -> str:
    """Write a share in percent, and round neither to none nor to all.

    >>> share(0.5), share(0.999), share(0.001), share(1.0)
    ('50', '99', '1', '100')
    """
    percent = min(max(round(100 * part), int(part > 0)), 99)
    return "100" if part == 1 else str(percent)


def markdown() -> str:
    """Measure everything and write it as Markdown."""
    heading = (
        "Percent of cases in which a rule sees the defect, for inputs of four scales "
        f"({N_DEFECTIVE} cases each). Ours is a bound in float64, and in float32 the "
        "spread of equal evaluations around the float64 truth."
    )
    return "\n\n".join([heading, table("float64"), table("float32")])


def main() -> None:
    """Print the tables, or put them between the markers of a file."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    path = parser.parse_args().write
    torch.set_num_threads(1)
    tables = markdown()
    if path is None:
        print(tables)
        return
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
