"""One side alone: a law must hold on each, since two sides can share a misreading."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import reference
import torch_impl
from parity_tests.agreement import as_array
from parity_tests.attention.cases import yardsticks
from parity_tests.concept import Case, Concept
from parity_tests.lockstep import record

BOOK = np.array(
    [
        [0.43, 0.15, 0.89],
        [0.55, 0.87, 0.66],
        [0.57, 0.85, 0.64],
        [0.22, 0.58, 0.33],
        [0.77, 0.25, 0.10],
        [0.05, 0.80, 0.55],
    ],
    dtype=np.float32,
)
"""The six tokens that every attention chapter of the book works with."""

both_backends = pytest.mark.parametrize(
    "backend", [reference, torch_impl], ids=["reference", "torch"]
)


@dataclass(frozen=True)
class Side:
    """One side of a pair, which runs cases: arrays in, arrays out."""

    concept: Concept
    package: str

    def __call__(self, case: Case) -> np.ndarray[Any, Any]:
        """Run a case and return what came out."""
        return as_array(self.run(case))

    def run(self, case: Case) -> Any:
        """Run a case and return what came out, in the side's own kind of array."""
        if self.package == "reference":
            return self.concept.run_reference(self.concept.reference, case)
        return self.concept.run_torch(self.concept.torch, case)

    def quantity(self, name: str, case: Case) -> np.ndarray[Any, Any]:
        """Run a case and return what its step called `name` at first."""
        recording = record(self.package, lambda: self.run(case))
        return next(
            as_array(snapshot.values[name])
            for invocation in recording.invocations
            for snapshot in invocation.snapshots
            if name in snapshot.values
        )


def each_side(concept: Concept) -> pytest.MarkDecorator:
    """Run a test twice, with `side` the reference and with `side` the torch module."""
    sides = [Side(concept, package) for package in ("reference", "torch_impl")]
    return pytest.mark.parametrize("side", sides, ids=["reference", "torch"])


def with_x(case: Case, x: np.ndarray[Any, Any]) -> Case:
    """Change what goes in, and leave the dropout mask as it is."""
    return replace(case, inputs={**case.inputs, "x": x.astype(case.inputs["x"].dtype)})


def with_weights(case: Case, **changed: np.ndarray[Any, Any]) -> Case:
    """Change weights; a double underscore stands for the dot of their names."""
    named = {name.replace("__", "."): array for name, array in changed.items()}
    return replace(case, weights={**case.weights, **named})


def with_config(case: Case, **changed: Any) -> Case:
    """Change arguments of the constructor."""
    return replace(case, config={**case.config, **changed})


def in_evaluation(case: Case) -> Case:
    """Run the case without dropout."""
    return replace(case, training=False, inputs={"x": case.inputs["x"]})


def rounding(case: Case, quantity: str = "result") -> float:
    """Return the yardstick of a quantity of this case."""
    return yardsticks(case)[quantity]


def refusal(call: Callable[[], Any]) -> tuple[type[Exception], str] | None:
    """Call, and return the type and the text of what is raised."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None
