"""A case of attention, changed: what goes in, the parameters, or how it runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.contract.case import Case


def with_x(case: Case, x: np.ndarray[Any, Any]) -> Case:
    """Change what goes in."""
    return case.with_inputs(x=x.astype(case.dtype))


def with_parameters(case: Case, changed: Mapping[str, np.ndarray[Any, Any]]) -> Case:
    """Change some of the parameters."""
    typed = {name: np.asarray(array, case.dtype) for name, array in changed.items()}
    return replace(case, parameters={**case.parameters, **typed})


def with_config(case: Case, **changed: Any) -> Case:
    """Change arguments of the constructor."""
    return replace(case, config={**case.config, **changed})


def in_evaluation(case: Case) -> Case:
    """Run the case without dropout."""
    return replace(case, training=False) if case.training else case


def in_training(case: Case) -> Case:
    """Run the case with dropout."""
    return replace(case, training=True)


def with_biases(case: Case) -> Case:
    """Give every projection a bias, zero where it had none."""
    missing = {
        name.replace("weight", "bias"): np.zeros(len(array))
        for name, array in case.parameters.items()
        if name.endswith(".weight")
        and name.replace("weight", "bias") not in case.parameters
    }
    return with_parameters(with_config(case, qkv_bias=True), missing)


def scaled(case: Case, name: str, factor: float) -> Case:
    """Multiply a projection, its bias included, in every head."""
    chosen = {key: array for key, array in case.parameters.items() if name in key}
    return with_parameters(case, {key: factor * array for key, array in chosen.items()})
