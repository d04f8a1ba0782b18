"""How large rounding is in a low precision: the spread of equal evaluations.

The truth is the reference in float64 on the same bits. The yardstick is the worst error
of other honest evaluations of the case, so it knows of sizes, cancellation and steep
scores what the case itself knows:

* in low precision, with channels permuted: sums that run in another order;
* in float64, with every number that went in moved by one rounding. Where tokens are
  alike, their scores are rounded alike, and no order of sums shows how steep they are:
  a library that rounds two equal scores differently, one of which dropout takes away,
  was 368 times the floor off, and was not wrong.

Source: the rule of flash-attention's tests, with more than one peer, and a floor.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from parity_tests.agreement import (
    Agreement,
    as_array,
    compare,
    differs,
    named_dtype,
)
from parity_tests.concept import Case, Concept
from parity_tests.precision import LOW, in_float64, run_torch_in

Array = np.ndarray[Any, Any]

N_EVALUATIONS = 3


def judge(concept: Concept, case: Case, dtype: str, output: Any) -> Agreement:
    """Compare what came out of a case in low precision with the truth."""
    if named_dtype(output) != dtype:
        return differs(dtype, f"expected {dtype}, got {named_dtype(output)}")
    actual = as_array(output).astype(np.float64)
    return compare(truth(concept, case), actual, spread(concept, case, dtype))


def truth(concept: Concept, case: Case) -> Array:
    """Return what comes out of the reference in float64 for the same numbers."""
    output: Array = concept.run_reference(concept.reference, in_float64(case))
    return output


def spread(concept: Concept, case: Case, dtype: str) -> float:
    """Return the worst error of equal evaluations, at least a few roundings.

    The floor is two roundings of the largest number that comes out, or of the smallest
    normal number where all are smaller.

    Raises:
        ValueError: an evaluation is not finite; the case does not fit the precision.
    """
    expected = truth(concept, case)
    limits = torch.finfo(LOW[dtype])
    floor = limits.eps * max(np.abs(expected).max(initial=0), limits.tiny)
    errors = [
        np.abs(output - expected).max(initial=floor)
        for output in evaluations(concept, case, dtype)
    ]
    worst = float(np.max(errors))
    if not math.isfinite(worst):
        raise ValueError(f"the case does not fit {dtype}: an evaluation is not finite")
    return worst


def evaluations(concept: Concept, case: Case, dtype: str) -> Iterator[Array]:
    """Run a case in every other honest way."""
    rng = case.stream("equal evaluations")
    for _ in range(N_EVALUATIONS):
        yield from equal_evaluations(concept, case, dtype, rng)
        neighbour = moved_by_rounding(in_float64(case), dtype, rng)
        yield concept.run_reference(concept.reference, neighbour)


def equal_evaluations(
    concept: Concept, case: Case, dtype: str, rng: np.random.Generator
) -> Iterator[Array]:
    """Run a case with its channels permuted: in PyTorch, and in NumPy if it is float32.

    What comes out is brought back into order.
    """
    other, back = concept.permuted(case, rng)
    outputs = [as_array(run_torch_in(concept, other, dtype))]
    if dtype == "float32":
        outputs.append(concept.run_reference(concept.reference, other))
    for output in outputs:
        yield output[..., back].astype(np.float64)


def moved_by_rounding(case: Case, dtype: str, rng: np.random.Generator) -> Case:
    """Move every floating-point number up or down by one rounding of a precision."""
    unit = torch.finfo(LOW[dtype]).eps / 2

    def moved(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        return array * (1 + unit * rng.choice([-1, 1], array.shape))

    return replace(
        case,
        inputs={name: moved(array) for name, array in case.inputs.items()},
        weights={name: moved(array) for name, array in case.weights.items()},
    )
