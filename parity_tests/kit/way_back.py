"""What an implementation is asked on the way back, and what it is held to there.

Gradients are of the input and of every weight, under their own names, for a gradient
of the output that the kit draws.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.backward import gradient_for, reference_gradients
from parity_tests.concept import Case, Concept
from parity_tests.kit.conventions import translated
from parity_tests.precision import in_float64

Array = np.ndarray[Any, Any]
Named = Mapping[str, Array]


@dataclass(frozen=True)
class ExpectedBack:
    """The reference's gradients in float64, and how large an honest difference is."""

    grad_output: Array
    gradients: Named
    yardsticks: Mapping[str, float]

    def judge(self, answer: Named) -> Iterator[tuple[str, Agreement]]:
        """Compare each gradient, in whatever precision it was computed."""
        dtype = str(self.grad_output.dtype)
        for name, right in self.gradients.items():
            yardstick = self.yardsticks.get(name, 0.0)
            yield name, compare(right, answer[name], yardstick, dtype)


def expected_back(concept: Concept, case: Case, output: Array) -> ExpectedBack:
    """Run the reference back from a gradient that is drawn for what came out."""
    grad_output = gradient_for(case, output)
    return ExpectedBack(
        grad_output,
        reference_gradients(concept, in_float64(case), grad_output.astype(float)),
        concept.gradient_yardsticks(case, grad_output),
    )


def asked_back(request: Mapping[str, Any], grad_output: Array) -> dict[str, Any]:
    """Ask for the way back: the gradient of the output goes in as well."""
    return {**request, "inputs": {**request["inputs"], "grad_output": grad_output}}


def trouble_with(request: Mapping[str, Any], gradients: Named) -> str | None:
    """Say what is wrong with the form of some gradients, in the names of a request."""
    due = {name: array for name, array in request["inputs"].items() if name == "x"}
    due |= request["weights"]
    if missing := [name for name in due if name not in gradients]:
        return f"gives no gradient of {', '.join(missing)}"
    if strange := sorted(gradients.keys() - due.keys()):
        return f"gives a gradient of {', '.join(strange)}, which it was not given"
    for name, array in due.items():
        form, expected = (
            f"{each.dtype} of shape {each.shape}" for each in (gradients[name], array)
        )
        if form != expected:
            return f"gives a gradient of {name} in {form}, where {expected} is due"
        if np.isnan(gradients[name]).any():
            return f"gives NaN in the gradient of {name}"
    return None


def restored(
    concept: Concept, conventions: Collection[str], case: Case, gradients: Named
) -> dict[str, Array]:
    """Lay gradients of the weights out as the reference does.

    Conventions move numbers about. They are asked where each would move a weight's
    place, and the gradient that is found there is that of the weight.
    """
    places: dict[str, Array] = {}
    n_places = 0
    for name, array in case.weights.items():
        places[name] = n_places + np.arange(array.size).reshape(array.shape)
        n_places += array.size
    request = {"inputs": {}, "weights": places}
    moved = translated(concept, conventions, request)["weights"]
    row = np.zeros(n_places, *{gradients[name].dtype for name in moved})
    for name, at in moved.items():
        row[at] = gradients[name]
    own = {name: gradients[name] for name in gradients if name not in moved}
    return own | {name: row[at] for name, at in places.items()}
