"""Rounding units: the worst change of each row of a quantity among runs that are moved.

A row is what the last axis holds: the scores of one query, the output of one token. Its
unit is at least two roundings of the row's largest number, and the smallest normal
number.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import as_array
from parity_tests.contract.case import Case
from parity_tests.lockstep.recording import Recording
from parity_tests.rounding.moved import moved
from parity_tests.rounding.sizes import Rounding

Array = np.ndarray[Any, Any]
Quantities = Mapping[str, list[Array]]
Units = dict[str, list[Array]]  # by name, one for each time that it is stored
N_RUNS = 6
ROW = -1  # the axis that a row is along


def rounding_units(
    case: Case,
    dtype: str,
    truth: Quantities,
    run: Callable[[Case], Quantities],
    recomputes: bool = False,
) -> Units:
    """Measure how far each row moves; one that overflows has the unit zero.

    `run` gives the quantities of a case by name, `truth` those of this one. It
    `recomputes` scores where a backward pass follows the forward one.
    """
    limits = torch.finfo(getattr(torch, dtype))
    units = {
        name: [np.asarray(limits.eps * largest(a) + limits.tiny) for a in arrays]
        for name, arrays in truth.items()
    }
    rng = case.stream("moved by half a rounding")
    with np.errstate(all="ignore"):
        for _ in range(N_RUNS):
            rounding = Rounding(limits.eps / 2, limits.tiny, rng, recomputes)
            found = run(case.map(partial(moved, rounding=rounding)))
            for name, arrays in found.items():
                of_name = zip(units[name], truth[name], arrays, strict=True)
                for unit, right, other in of_name:
                    np.maximum(unit, errors(right, other), out=unit)
    return {
        name: [np.where(np.isfinite(unit), unit, 0.0) for unit in of_name]
        for name, of_name in units.items()
    }


def by_name(units: Units) -> dict[str, float]:
    """Take the largest unit of each quantity."""
    return {
        name: max((float(unit.max(initial=0)) for unit in of_name), default=0.0)
        for name, of_name in units.items()
    }


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


def largest(array: Array) -> Array:
    """Return the size of the largest finite number of each row, 0 where none is."""
    return largest_of_rows(np.abs(np.where(np.isfinite(array), array, 0.0)))


def errors(expected: Array, actual: Array) -> Array:
    """Return the largest difference in each row; equal infinities differ by nothing."""
    gap = np.where(expected == actual, 0.0, np.abs(expected - actual))
    return largest_of_rows(np.where(np.isnan(gap), np.inf, gap))


def largest_of_rows(sizes: Array) -> Array:
    """Return the largest of each row; one number is a row by itself."""
    return sizes.max(axis=ROW, keepdims=True, initial=0.0) if sizes.ndim else sizes
