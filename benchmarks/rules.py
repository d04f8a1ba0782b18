"""The rules that are compared: when is a difference still rounding?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.rounding.expected import Expected

Array = np.ndarray[Any, Any]
TORCH_DEFAULT = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}


@dataclass(frozen=True)
class Trial:
    """A case and what is right: PyTorch's output, and what the project expects."""

    case: Case
    right: Array
    expected: Expected


def by_rounding_units(trial: Trial, actual: Array) -> bool:
    """Accept an error of at most 8 rounding units, as the project does."""
    return trial.expected.judge(actual).holds


def by_torch(trial: Trial, actual: Array) -> bool:
    """Accept what `torch.testing.assert_close` accepts by default."""
    rtol, atol = TORCH_DEFAULT[trial.right.dtype.name]
    return bool(np.allclose(actual, trial.right, rtol, atol))


def by_five_digits(trial: Trial, actual: Array) -> bool:
    """Accept what is within 1e-5, relative plus absolute."""
    return bool(np.allclose(actual, trial.right, 1e-5, 1e-5))


def by_four_decimals(trial: Trial, actual: Array) -> bool:
    """Accept what `assert_array_almost_equal(decimal=4)` accepts."""
    return bool(np.allclose(actual, trial.right, 0, 1.5e-4))


RULES: dict[str, Callable[[Trial, Array], bool]] = {
    "8 rounding units (ours)": by_rounding_units,
    "torch.testing": by_torch,
    "1e-5 / 1e-5": by_five_digits,
    "4 decimals": by_four_decimals,
}
