"""Rounding units: the worst change of each quantity among runs that are moved.

The unit is at least two roundings of the quantity's largest number, or of the smallest
normal number where all are smaller.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import as_array
from parity_tests.contract.case import Case
from parity_tests.lockstep.recording import Recording
from parity_tests.rounding.moved import Rounding, moved

Array = np.ndarray[Any, Any]
Quantities = Mapping[str, list[Array]]
N_RUNS = 4


def rounding_units(
    case: Case, dtype: str, truth: Quantities, run: Callable[[Case], Quantities]
) -> dict[str, float]:
    """Measure how far each quantity moves; one that overflows has no unit.

    `run` gives the quantities of a case by name, `truth` those of this one.
    """
    limits = torch.finfo(getattr(torch, dtype))
    worst = {
        name: limits.eps * max(*map(largest, arrays), limits.tiny)
        for name, arrays in truth.items()
    }
    with np.errstate(all="ignore"):
        for moved_case in moved_cases(case, limits.eps / 2):
            for name, arrays in run(moved_case).items():
                errors = map(error_of, truth[name], arrays)
                worst[name] = max(worst[name], *errors)
    return {name: unit for name, unit in worst.items() if math.isfinite(unit)}


def moved_cases(case: Case, unit: float) -> Iterator[Case]:
    """Hold a case in arrays that move with every operation, once for each run."""
    rng = case.stream("moved by half a rounding")
    for _ in range(N_RUNS):
        rounding = Rounding(unit, rng)
        yield case.map(lambda array: moved(array, rounding))  # noqa: B023


def quantities_of(recording: Recording) -> dict[str, list[Array]]:
    """Gather the floating-point arrays of a recording by their names."""
    found: dict[str, list[Array]] = defaultdict(list)
    for call in recording.invocations:
        for stored in (*(each.values for each in call.snapshots), call.outcome):
            for name, value in stored.items():
                found[name] += floating_in(value)
    found["result"] += floating_in(recording.result)
    return {name: arrays for name, arrays in found.items() if arrays}


def floating_in(value: Any) -> list[Array]:
    """Take the floating-point arrays out of a value; a list may hold several."""
    if isinstance(value, list | tuple):
        return [array for entry in value for array in floating_in(entry)]
    if not isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return []
    array = as_array(value).view(np.ndarray)
    return [array.astype(np.float64)] if array.dtype.kind == "f" else []


def largest(array: Array) -> float:
    """Return the size of the largest finite number, 0 where there is none."""
    return float(np.abs(array).max(initial=0, where=np.isfinite(array)))


def error_of(expected: Array, actual: Array) -> float:
    """Return the largest difference; equal infinities differ by nothing."""
    error = float(np.abs(expected - actual).max(initial=0))
    if math.isfinite(error):
        return error
    gap = np.where(expected == actual, 0.0, np.abs(expected - actual))
    return math.inf if np.isnan(gap).any() else float(gap.max())
