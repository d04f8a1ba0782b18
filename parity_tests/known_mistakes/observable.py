"""What can be seen of a case: what comes out of it, or the gradients of that."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.agreement import compare
from parity_tests.backward import WayBack, way_back
from parity_tests.concept import Case, Concept
from parity_tests.known_mistakes.mistake import Mistake


@dataclass(frozen=True)
class Observable:
    """Something to be seen: `run` gives it, and `same` says whether two are alike."""

    run: Callable[[Concept, Any, Case], Any]
    same: Callable[[Concept, Case, Any, Any], bool]
    on_the_way_back: bool = False

    def outcome(self, concept: Concept, class_: Any, case: Case) -> Any:
        """Run a class in the reference's form: what is seen, or the error it raised."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return self.run(concept, class_, case)
            except Exception as error:
                return error

    def alike(self, concept: Concept, case: Case, expected: Any, actual: Any) -> bool:
        """Whether two outcomes agree; errors do when they are of the same type."""
        if isinstance(expected, Exception) or isinstance(actual, Exception):
            return type(expected) is type(actual)
        return self.same(concept, case, expected, actual)


def run_forward(concept: Concept, class_: Any, case: Case) -> Any:
    """Run a case in the way of its concept."""
    return concept.run_reference(class_, case)


def run_back(concept: Concept, class_: Any, case: Case) -> WayBack:
    """Run a case forward and back again."""
    return way_back(concept, case, class_)


def same_output(concept: Concept, case: Case, expected: Any, actual: Any) -> bool:
    """Whether the same came out."""
    yardstick = concept.yardsticks(case).get("result", 0.0)
    return compare(expected, actual, yardstick).holds


def same_gradients(
    concept: Concept, case: Case, expected: WayBack, actual: WayBack
) -> bool:
    """Whether the gradients are the same, and are gradients of the same."""
    if expected.gradients.keys() != actual.gradients.keys():
        return False
    return not differing(concept, case, expected, actual)


def differing(
    concept: Concept, case: Case, expected: WayBack, actual: WayBack
) -> list[str]:
    """Name the gradients that differ."""
    yardsticks = concept.gradient_yardsticks(case, expected.grad_output)
    return [
        name
        for name, gradient in expected.gradients.items()
        if not compare(
            gradient, actual.gradients[name], yardsticks.get(name, 0.0)
        ).holds
    ]


OUTPUT = Observable(run_forward, same_output)
GRADIENTS = Observable(run_back, same_gradients, on_the_way_back=True)


def observable(mistake: Mistake) -> Observable:
    """Choose where a mistake shows."""
    return GRADIENTS if mistake.on_the_way_back else OUTPUT
