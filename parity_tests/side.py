"""One side alone: a law must hold on each, since two sides can share a misreading."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import reference
import torch_impl
from parity_tests.agreement import as_array
from parity_tests.attention.cases import unchecked
from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.recording import record

PACKAGES = {"reference": "reference", "torch": "torch_impl"}

both_backends = pytest.mark.parametrize(
    "backend", [reference, torch_impl], ids=[*PACKAGES]
)


@dataclass(frozen=True)
class Side:
    """One side of a pair, which runs cases: arrays in, arrays out."""

    concept: Concept
    name: str

    @property
    def package(self) -> str:
        """The package that it is in."""
        return PACKAGES[self.name]

    @property
    def class_(self) -> Any:
        """The class that it is."""
        is_reference = self.package == "reference"
        return self.concept.reference if is_reference else self.concept.torch

    def __call__(self, case: Case) -> Any:
        """Run a case and return what comes out, as any implementation would give it."""
        return self.concept.answer(self.run(case))

    def run(self, case: Case) -> Any:
        """Run a case and return all that came out, in the side's own kind of array."""
        with unchecked():
            if self.package == "reference":
                return self.concept.run_reference(self.class_, case)
            return self.concept.run_torch(self.class_, case)

    def quantity(self, name: str, case: Case) -> np.ndarray[Any, Any]:
        """Run a case and return what its steps call `name`, where it comes first."""
        return self.quantities(name, case)[0]

    def quantities(self, name: str, case: Case) -> list[np.ndarray[Any, Any]]:
        """Run a case and return all that its steps call `name`: one a head, say."""
        recording = record(self.package, lambda: self.run(case))
        return [
            as_array(snapshot.values[name])
            for invocation in recording.invocations
            for snapshot in invocation.snapshots
            if name in snapshot.values
        ]

    def repeatability(self, case: Case) -> float:
        """Return how far two runs of the same thing may lie apart: not at all."""
        return 0.0

    def rounding(self, case: Case) -> float:
        """Return how large an honest difference in what comes out is."""
        return self.concept.bounds(case).get("result", 0.0)

    def own(self, value: Any) -> Any:
        """Make every array in a value the side's own kind of array."""
        if isinstance(value, dict):
            return {name: self.own(entry) for name, entry in value.items()}
        is_ours = isinstance(value, np.ndarray) and self.package == "torch_impl"
        return torch.from_numpy(value) if is_ours else value


def sides_of(concept: Concept) -> list[Side]:
    """Return both sides of a pair, the reference first."""
    return [Side(concept, name) for name in PACKAGES]


def each_side(concept: Concept) -> pytest.MarkDecorator:
    """Run a test twice, with `side` the reference and with `side` the torch module."""
    return pytest.mark.parametrize("side", sides_of(concept), ids=[*PACKAGES])


def array_for(backend: Any, array: np.ndarray[Any, Any]) -> Any:
    """Bring an array to the kind that a backend takes."""
    return torch.from_numpy(array) if backend is torch_impl else array
