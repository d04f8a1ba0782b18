"""A case of attention, changed: what goes in, the weights, or how it runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.attention.bounds import bounds
from parity_tests.case import Case


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


def rounding(case: Case, quantity: str = "result") -> float:
    """Return the bound of a quantity of this case."""
    return bounds(case)[quantity]
