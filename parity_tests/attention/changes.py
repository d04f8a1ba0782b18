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


def in_training(case: Case, dropout: float) -> Case:
    """Run the case with dropout."""
    return replace(with_config(case, dropout=dropout), training=True)


def with_biases(case: Case) -> Case:
    """Give every projection a bias, zero where it had none."""
    weights = {n: a for n, a in case.parameters.items() if n.endswith(".weight")}
    zeros = {n[:-6] + "bias": np.zeros(len(array)) for n, array in weights.items()}
    return with_parameters(
        with_config(case, qkv_bias=True), {**zeros, **case.parameters}
    )


def scaled(case: Case, name: str, factor: float) -> Case:
    """Multiply a projection, its bias included, in every head."""
    chosen = {key: array for key, array in case.parameters.items() if name in key}
    return with_parameters(case, {key: factor * array for key, array in chosen.items()})
