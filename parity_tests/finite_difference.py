"""The slope of a loss in one direction: by its gradients, and by a small step each way.

The loss is a weighted sum of what comes out, so that its gradient there is given. All
that went in moves at once: the input and every weight.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.backward import reference_backward
from parity_tests.concept import Case, Concept

Array = np.ndarray[Any, Any]


def direction_of(case: Case) -> dict[str, Array]:
    """Draw a direction: a normal number for each number that can move."""
    rng = case.stream("direction")
    movable = {**case.inputs, **case.weights}
    return {
        name: rng.normal(size=array.shape)
        for name, array in movable.items()
        if array.dtype.kind == "f"
    }


def moved(case: Case, direction: Mapping[str, Array], step: float) -> Case:
    """Go a step in a direction."""
    return replace(
        case,
        inputs={
            name: array + step * direction[name] if name in direction else array
            for name, array in case.inputs.items()
        },
        weights={
            name: array + step * direction[name] for name, array in case.weights.items()
        },
    )


def slope_by_difference(
    concept: Concept,
    case: Case,
    grad_output: Array,
    direction: Mapping[str, Array],
    step: float,
) -> float:
    """Take the loss a step ahead and a step behind, and divide by both steps.

    It is off by no more than step² / 6 times the third derivative of the loss along
    the way, and by the rounding error of the loss divided by the step.
    """
    ahead, behind = (
        concept.run_reference(concept.reference, moved(case, direction, signed))
        for signed in (step, -step)
    )
    return float((grad_output * (ahead - behind)).sum() / (2 * step))


def slope_by_gradients(
    concept: Concept,
    case: Case,
    direction: Mapping[str, Array],
    reference: Any = None,
) -> float:
    """Sum what every number contributes: its gradient times how far it moves.

    `reference` may be a class to take in the place of the concept's own.
    """
    _, backward = reference_backward(concept, case, reference)
    return float(
        sum((backward.result[name] * moves).sum() for name, moves in direction.items())
    )
