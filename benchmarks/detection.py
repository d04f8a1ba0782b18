"""How often each rule sees a numeric defect.

A defect runs in the reference of multi-head attention and is compared by each rule with
what is right.
"""

from typing import Any

import numpy as np
import torch

from benchmarks.drawn import MULTI_HEAD, SCALES, draw_cases
from benchmarks.numeric_defects import DEFECTS
from benchmarks.rules import OURS, RULES, Array
from benchmarks.tables import SEPARATOR, share, written
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Case
from parity_tests.rounding.expected import expected_result

N_CASES = 200  # for each defect, scale and dtype
HEADING = (
    "Percent of cases in which a rule sees the defect, for inputs of four scales "
    f"({N_CASES} cases each)."
)


def detection(dtype: str) -> str:
    """Write the table of one dtype: a row for each defect, a column for each rule."""
    shares = {
        defect.title: [[""] * len(SCALES) for _ in columns()] for defect in DEFECTS
    }
    for at, scale in enumerate(SCALES):
        counts = counted(dtype, scale)
        for title, of_rules in counts.items():
            for column, count in enumerate(of_rules):
                shares[title][column][at] = share(count / N_CASES)
    rows = [
        [title, *map(SEPARATOR.join, of_rules)] for title, of_rules in shares.items()
    ]
    return written([f"{dtype}, at scales 10⁻³ · 1 · 30 · 10³", *columns()], rows)


def columns() -> list[str]:
    """Name the rules."""
    return [OURS, *RULES]


def counted(dtype: str, scale: float) -> dict[str, list[int]]:
    """Count for each defect in how many cases each rule sees it."""
    counts = {defect.title: [0] * len(columns()) for defect in DEFECTS}
    for case in draw_cases(dtype, scale, N_CASES):
        expected, right = expected_result(MULTI_HEAD, case), of_torch(case)
        for defect in DEFECTS:
            actual = of_reference(case, defect.build())
            accepted = [expected.judge(actual).holds]
            accepted += [accepts(right, actual) for accepts in RULES.values()]
            for column, holds in enumerate(accepted):
                counts[defect.title][column] += not holds
    return counts


def of_reference(case: Case, part: Any) -> Array:
    """Run a class in the place of the reference's."""
    with np.errstate(all="ignore"):
        return np.asarray(MULTI_HEAD.call(REFERENCE, case, part))


def of_torch(case: Case) -> Array:
    """Run PyTorch's class."""
    with torch.no_grad():
        return np.asarray(MULTI_HEAD.call(TORCH, case))
