"""The rules that are compared: when is a difference still rounding?"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Rule = Callable[[Array, Array], bool]
TORCH_DEFAULT = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}
OURS = "8 rounding units (ours)"


def within(right: Array, actual: Array, rtol: float, atol: float) -> bool:
    """Accept what is within a tolerance, relative plus absolute, as NumPy does."""
    return bool((np.abs(actual - right) <= atol + rtol * np.abs(right)).all())


def by_torch(right: Array, actual: Array) -> bool:
    """Accept what `torch.testing.assert_close` accepts by default."""
    return within(right, actual, *TORCH_DEFAULT[right.dtype.name])


RULES: dict[str, Rule] = {  # beside ours; each has PyTorch's output and another
    "torch.testing": by_torch,
    "1e-5 / 1e-5": partial(within, rtol=1e-5, atol=1e-5),
    "4 decimals": partial(within, rtol=0.0, atol=1.5e-4),  # of NumPy's array tests
}
