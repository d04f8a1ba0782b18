"""One side alone: a law must hold on each, since two sides can share a misreading."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import reference
import torch_impl
from parity_tests.agreement import as_array
from parity_tests.attention.bounds import bounds
from parity_tests.attention.cases import unchecked
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

DROPPING = {"d_in": 3, "d_out": 2, "context_length": 40, "dropout": 0.25}
"""A configuration with enough weights to count those that dropout spares."""

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
        with unchecked():
            if self.package == "reference":
                return self.concept.run_reference(self.concept.reference, case)
            return self.concept.run_torch(self.concept.torch, case)

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


def each_side(concept: Concept) -> pytest.MarkDecorator:
    """Run a test twice, with `side` the reference and with `side` the torch module."""
    sides = [Side(concept, package) for package in ("reference", "torch_impl")]
    return pytest.mark.parametrize("side", sides, ids=["reference", "torch"])


def seeded(concept: Concept, seed: int, x: np.ndarray[Any, Any], **config: Any) -> Case:
    """Return a case with the weights that PyTorch draws after `manual_seed(seed)`."""
    torch.manual_seed(seed)
    state = concept.torch(**config).state_dict()
    return Case(config, {"x": x}, {name: as_array(state[name]) for name in state})


def with_x(case: Case, x: np.ndarray[Any, Any]) -> Case:
    """Change what goes in, and leave the dropout mask as it is."""
    return replace(case, inputs={**case.inputs, "x": x.astype(case.inputs["x"].dtype)})


def with_weights(case: Case, changed: Mapping[str, np.ndarray[Any, Any]]) -> Case:
    """Change some of the weights."""
    dtype = case.inputs["x"].dtype
    typed = {name: np.asarray(array, dtype) for name, array in changed.items()}
    return replace(case, weights={**case.weights, **typed})


def with_config(case: Case, **changed: Any) -> Case:
    """Change arguments of the constructor."""
    return replace(case, config={**case.config, **changed})


def in_evaluation(case: Case) -> Case:
    """Run the case without dropout."""
    return replace(case, training=False, inputs={"x": case.inputs["x"]})


def in_training(case: Case) -> Case:
    """Run the case with dropout, each side drawing its own."""
    return replace(case, training=True, inputs={"x": case.inputs["x"]})


def with_biases(case: Case) -> Case:
    """Give every projection a bias, zero where it had none."""
    missing = {
        name.replace("weight", "bias"): np.zeros(len(array))
        for name, array in case.weights.items()
        if name.endswith(".weight")
        and name.replace("weight", "bias") not in case.weights
    }
    return with_weights(with_config(case, qkv_bias=True), missing)


def scaled(case: Case, name: str, factor: float) -> Case:
    """Multiply a projection, its bias included, in every head."""
    chosen = {key: array for key, array in case.weights.items() if name in key}
    return with_weights(case, {key: factor * array for key, array in chosen.items()})


def array_for(backend: Any, array: np.ndarray[Any, Any]) -> Any:
    """Bring an array to the kind that a backend takes."""
    return torch.from_numpy(array) if backend is torch_impl else array


def projections(case: Case, head: str = "") -> list[torch.Tensor]:
    """Project what goes in to queries, keys and values, for PyTorch's own attention."""
    x = torch.from_numpy(case.inputs["x"])
    names = [f"{head}W_{name}" for name in ("query", "key", "value")]
    state = {name: torch.from_numpy(array) for name, array in case.weights.items()}
    return [
        F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        for name in names
    ]


def rounding(case: Case, quantity: str = "result") -> float:
    """Return the bound of a quantity of this case."""
    return bounds(case)[quantity]


def refusal(call: Callable[[], Any]) -> tuple[type[Exception], str] | None:
    """Call, and return the type and the text of what is raised."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None
