"""Which rule sees which numeric defect, and which one cries wolf?

Run by `make evidence`, or `python -m benchmarks.evidence`: it prints Markdown tables;
`--write FILE` puts them between the markers of a file. Everything is seeded.

A defect runs in the NumPy side of multi-head attention and is compared with the
PyTorch side, which is right, so honest rounding is in every comparison. Cases have
2 to 16 tokens, 1 to 3 heads of 1 to 8 channels, and weights drawn from N(0, 1/d_in),
so scores grow with the square of the input's scale: at 30 they reach the hundreds.
"""

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.numeric_defects import DEFECTS
from parity_tests.agreement import compare
from parity_tests.attention.cases import numbers
from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.known_mistakes.build import mistaken_class

BEGIN, END = "<!-- begin: evidence -->", "<!-- end: evidence -->"
MULTI_HEAD = concept("multi_head")
SCALES = (1e-3, 1.0, 30.0)
PATTERNS = ("normal", "ties", "ramp", "one-hot")
N_DEFECTIVE = 300  # cases for each defect, scale and dtype
N_CORRECT = 10_000  # cases for each dtype
TORCH_DEFAULT = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}

Array = np.ndarray[Any, Any]
Rule = Callable[[Case, Array, Array], bool]


def by_score(case: Case, expected: Array, actual: Array) -> bool:
    """Accept what scores at most 8."""
    yardstick = MULTI_HEAD.yardsticks(case)["result"]
    return compare(expected, actual, yardstick).holds


def by_torch(case: Case, expected: Array, actual: Array) -> bool:
    """Accept what `torch.testing.assert_close` accepts by default."""
    rtol, atol = TORCH_DEFAULT[expected.dtype.name]
    return bool(np.allclose(actual, expected, rtol, atol))


def by_five_digits(case: Case, expected: Array, actual: Array) -> bool:
    """Accept what lies within 1e-5, relative plus absolute."""
    return bool(np.allclose(actual, expected, 1e-5, 1e-5))


def by_four_decimals(case: Case, expected: Array, actual: Array) -> bool:
    """Accept what `assert_array_almost_equal(decimal=4)` accepts."""
    return bool(np.allclose(actual, expected, 0, 1.5e-4))


RULES: dict[str, Rule] = {
    "score ≤ 8 (ours)": by_score,
    "torch.testing": by_torch,
    "1e-5 / 1e-5": by_five_digits,
    "4 decimals": by_four_decimals,
}


def draw_case(rng: np.random.Generator, scale: float, dtype: str) -> Case:
    """Draw sizes, an input of a scale, and weights that keep that scale."""
    num_heads, head_dim = int(rng.integers(1, 4)), int(rng.integers(1, 9))
    d_in, d_out = int(rng.integers(1, 17)), num_heads * head_dim
    n_tokens, seed = int(rng.integers(2, 17)), int(rng.integers(2**32))
    config = {
        "d_in": d_in,
        "d_out": d_out,
        "context_length": n_tokens,
        "dropout": 0.0,
        "num_heads": num_heads,
        "qkv_bias": bool(rng.integers(2)),
    }
    x = scale * numbers(str(rng.choice(PATTERNS)), (2, n_tokens, d_in), seed)
    state = MULTI_HEAD.reference(**config).state_dict()
    weights = {
        name: (rng.normal(size=array.shape) / array.shape[-1] ** 0.5).astype(dtype)
        for name, array in state.items()
    }
    return Case(config, {"x": x.astype(dtype)}, weights)


def run(variant: type, case: Case) -> Array:
    """Run the NumPy side, or a defective copy of it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(MULTI_HEAD.run_reference(variant, case))


def rejected(variant: type, cases: list[Case], expected: list[Array]) -> dict[str, int]:
    """Count the cases in which each rule sees a difference."""
    counts = dict.fromkeys(RULES, 0)
    for case, right in zip(cases, expected, strict=True):
        actual = run(variant, case)
        for name, accepts in RULES.items():
            counts[name] += not accepts(case, right, actual)
    return counts


def draw_cases(n_cases: int, scale: float, dtype: str) -> tuple[list[Case], list[Array]]:
    """Draw cases and run the PyTorch side of each."""
    rng = np.random.default_rng([int(1 / scale), len(dtype), int(dtype[-2:])])
    cases = [draw_case(rng, scale, dtype) for _ in range(n_cases)]
    with torch.no_grad():
        right = [MULTI_HEAD.run_torch(MULTI_HEAD.torch, case).numpy() for case in cases]
    return cases, right


def table(dtype: str) -> list[str]:
    """Write the table of one dtype: a row for each defect, a column for each rule."""
    cells: dict[str, list[list[str]]] = {each.id: [] for each in DEFECTS}
    alarms, n_correct = dict.fromkeys(RULES, 0), 0
    for scale in SCALES:
        cases, right = draw_cases(-(-N_CORRECT // len(SCALES)), scale, dtype)
        for name, count in rejected(MULTI_HEAD.reference, cases, right).items():
            alarms[name] += count
        n_correct += len(cases)
        few, right = cases[:N_DEFECTIVE], right[:N_DEFECTIVE]
        for each in DEFECTS:
            counts = rejected(mistaken_class(each), few, right).values()
            cells[each.id].append([share(count / len(few)) for count in counts])
    rows = [
        [each.title, *(" · ".join(scales) for scales in zip(*cells[each.id], strict=True))]
        for each in DEFECTS
    ]
    last = [f"false alarms in {n_correct:,} right cases", *map(str, alarms.values())]
    return [
        row_of([f"{dtype}, at scales 10⁻³ · 1 · 30", *RULES]),
        row_of(["---", *["---:"] * len(RULES)]),
        *(row_of(row) for row in [*rows, last]),
    ]


def share(part: float) -> str:
    """Write a share in percent, and round neither to none nor to all.

    >>> share(0.5), share(0.999), share(0.001)
    ('50', '99', '1')
    """
    percent = round(100 * part)
    return str(min(max(percent, part > 0), 99 + (part == 1)))


def row_of(cells: list[str]) -> str:
    """Write one line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def markdown() -> str:
    """Measure everything and write it as Markdown."""
    heading = (
        "Percent of cases in which a rule sees the defect, for inputs of three scales "
        f"({N_DEFECTIVE} cases each):"
    )
    tables = ["\n".join(table(dtype)) for dtype in ("float64", "float32")]
    return "\n\n".join([heading, *tables])


def main() -> None:
    """Print the tables, or put them between the markers of a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    path = parser.parse_args().write
    torch.set_num_threads(1)
    tables = markdown()
    if path is None:
        print(tables)
        return
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{tables}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
