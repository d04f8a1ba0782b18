"""How large rounding is in a low precision: the spread of equal evaluations.

The truth is the reference in float64 on the same bits, step by step. The yardstick of
a quantity is its worst error in other honest evaluations of the case, so it knows of
sizes, cancellation and steep scores what the case itself knows:

* in low precision, with channels permuted: sums that run in another order;
* in float64, with every number that went in moved by about one rounding. Where tokens
  are alike, their scores are rounded alike, and no order of sums shows how steep they
  are: a library that rounds two equal scores differently, one of which dropout takes
  away, was 368 times the floor off, and was not wrong. No two numbers move alike.

In float32 it is NumPy that evaluates: what is wrong with PyTorch is to be found by the
yardstick and must not widen it. NumPy has no bfloat16, so there PyTorch evaluates.

Source: the rule of flash-attention's tests, with more than one peer, and a floor.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from parity_tests.agreement import as_array
from parity_tests.attention.cases import unchecked
from parity_tests.case import Back, Case, as_it_is
from parity_tests.precision import LOW, in_float64, run_torch_in
from parity_tests.recording import Recording, record

if TYPE_CHECKING:
    from parity_tests.concept import Concept

Array = np.ndarray[Any, Any]

N_EVALUATIONS = 3  # of either kind


def truth(concept: "Concept", case: Case) -> Recording:
    """Record the reference in float64 on the same numbers."""
    with unchecked():
        return run_reference(concept, in_float64(case))


def spread(
    concept: "Concept", case: Case, dtype: str, truth: Recording
) -> dict[str, float]:
    """Return the worst error of equal evaluations, by the name of each quantity.

    The floor is two roundings of the quantity's largest number, or of the smallest
    normal number where all are smaller. A quantity that overflows has no yardstick.

    Raises:
        ValueError: an evaluation is not finite; the case does not fit the precision.
    """
    limits = torch.finfo(LOW[dtype])
    exact = floating(truth)
    worst = {
        name: limits.eps * max(*map(largest, arrays), limits.tiny)
        for name, arrays in exact.items()
    }
    with unchecked(), np.errstate(invalid="ignore"):
        for recording, back in evaluations(concept, case, dtype):
            evaluated = floating(recording)
            for name in exact.keys() & evaluated.keys():
                in_order = [back(name, array) for array in evaluated[name]]
                errors = map(error_of, exact[name], in_order)
                worst[name] = max(worst[name], *errors)
    if not math.isfinite(worst["result"]):
        raise ValueError(f"the case does not fit {dtype}: an evaluation is not finite")
    return {name: error for name, error in worst.items() if math.isfinite(error)}


def evaluations(
    concept: "Concept", case: Case, dtype: str
) -> Iterator[tuple[Recording, Back]]:
    """Run a case in other honest ways, and say how to bring each back into order."""
    rng = case.stream("equal evaluations")
    exact = in_float64(case)
    for _ in range(N_EVALUATIONS):
        other, back = concept.permuted(case, rng)
        if dtype == "float32":
            yield run_reference(concept, other), back
        else:
            run = partial(run_torch_in, concept, other, dtype)
            yield record("torch_impl", run), back
        neighbour = moved_by_rounding(exact, dtype, rng)
        yield run_reference(concept, neighbour), as_it_is


def run_reference(concept: "Concept", case: Case) -> Recording:
    """Record the reference."""
    return record("reference", partial(concept.run_reference, concept.reference, case))


def moved_by_rounding(case: Case, dtype: str, rng: np.random.Generator) -> Case:
    """Move every floating-point number by about one rounding of a precision."""
    unit = torch.finfo(LOW[dtype]).eps / 2

    def moved(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        return array * (1 + unit * rng.normal(size=array.shape))

    return replace(
        case,
        inputs={name: moved(array) for name, array in case.inputs.items()},
        weights={name: moved(array) for name, array in case.weights.items()},
    )


def floating(recording: Recording) -> dict[str, list[Array]]:
    """Gather the floating-point arrays of a recording by their names, in float64."""
    found: dict[str, list[Array]] = defaultdict(list)
    for call in recording.invocations:
        for stored in (*(each.values for each in call.snapshots), call.outcome):
            for name, value in stored.items():
                found[name] += arrays_in(value)
    found["result"] += arrays_in(recording.result)
    return {name: arrays for name, arrays in found.items() if arrays}


def arrays_in(value: Any) -> list[Array]:
    """Take the floating-point arrays out of a value; a row may hold several."""
    if isinstance(value, list):
        return [array for entry in value for array in arrays_in(entry)]
    if not isinstance(value, np.ndarray | np.generic | torch.Tensor):
        return []
    array = as_array(value)
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
