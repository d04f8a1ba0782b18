"""One implementation of a pair: that of one backend."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import BACKENDS, REFERENCE, Backend, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import (
    autograd,
    gradient_for,
    reference_backward,
    torch_forward,
)
from parity_tests.lockstep.recording import record
from parity_tests.rounding.expected import expected, expected_gradients, result_unit


@dataclass(frozen=True)
class OneBackend:
    """A backend's own implementation, which properties are asked of."""

    pair: Pair
    backend: Backend

    def __call__(self, case: Case) -> Any:
        """Run a case and return what comes out, as any implementation would give it."""
        return self.pair.answer(self.run(case))

    def run(self, case: Case) -> Any:
        """Run a case and return all that came out, in the backend's kind of array."""
        with unchecked():
            return self.pair.call(self.backend, case)

    @property
    def part(self) -> Any:
        """The class or the function."""
        return self.pair.part(self.backend)

    def quantity(self, name: str, case: Case) -> np.ndarray[Any, Any]:
        """Run a case and return what its steps call `name`, where it comes first."""
        return self.quantities(name, case)[0]

    def quantities(self, name: str, case: Case) -> list[np.ndarray[Any, Any]]:
        """Run a case and return all that its steps call `name`: one a head, say."""
        recording = record(self.backend.package, lambda: self.run(case))
        return [
            as_array(snapshot.values[name])
            for call in recording.invocations
            for snapshot in call.snapshots
            if name in snapshot.values
        ]

    def gradients(self, case: Case) -> dict[str, np.ndarray[Any, Any]]:
        """Run a case forward and backward; return the gradients of what went in.

        PyTorch's are those of autograd.
        """
        with unchecked():
            grad_output = gradient_for(case, self.pair.call(REFERENCE, case))
            case = replace(case, grad_output=grad_output)
            if self.backend is REFERENCE:
                return dict(reference_backward(self.pair, case).gradients)
            forward = torch_forward(self.pair, case)
            leaves = forward.leaves
            found = autograd(forward.recording.result, [*leaves.values()], grad_output)
        return {name: as_array(g) for name, g in zip(leaves, found, strict=True)}

    def rounding(self, case: Case, name: str = "result") -> float:
        """Return the rounding unit of what comes out, or of another quantity."""
        if name == "result":
            return result_unit(self.pair, case)
        return expected(self.pair, case).units.get(name, 0.0)

    def gradient_rounding(self, case: Case, name: str) -> float:
        """Return the rounding unit of a gradient."""
        return expected_gradients(self.pair, case).units.get(name, 0.0)

    def repeatability(self, case: Case) -> float:
        """Return how far two runs of the same thing may differ: not at all."""
        return 0.0

    def __str__(self) -> str:
        return self.backend.name


def on_each_backend(pair: Pair) -> list[OneBackend]:
    """Return both implementations of a pair, the reference first."""
    return [OneBackend(pair, backend) for backend in BACKENDS]
