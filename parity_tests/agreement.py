"""What "agree" means: the one comparison of the project.

Two values agree when they have the same shape and dtype and the same numbers. Whole
numbers, truth values and text must be equal. Floating-point numbers may differ by
rounding, and rounding is measured against a *yardstick*: how large an honest
difference is for this very case. `score = difference / yardstick`; above `LIMIT` it
is no rounding. A yardstick of zero demands equality.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

LIMIT = 8.0


@dataclass(frozen=True)
class Agreement:
    """How one quantity compares: where it is worst, and whether that is rounding."""

    score: float
    difference: float
    dtype: str
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether the two sides agree."""
        return self.score <= LIMIT


def as_array(value: Any) -> np.ndarray[Any, Any]:
    """Bring a value of either side to NumPy, its dtype kept."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.dtype == torch.bfloat16:  # which NumPy does not know
            value = value.float()
        return value.numpy()
    return np.asarray(value)


def compare(expected: Any, actual: Any, yardstick: float = 0.0) -> Agreement:
    """Compare a value of the reference with the other side's.

    >>> compare(np.ones(2), torch.tensor([1.0, 1.5]).double(), yardstick=0.1).score
    5.0
    >>> compare(np.ones(2), torch.tensor([1.0, math.nan]).double()).reason
    'at (1,): expected 1.0, got nan'
    """
    kind = named_dtype(expected), named_dtype(actual)
    left, right = as_array(expected), as_array(actual)
    if left.shape != right.shape:
        return differs(kind[0], f"expected shape {left.shape}, got {right.shape}")
    if kind[0] != kind[1]:
        return differs(kind[0], f"expected dtype {kind[0]}, got {kind[1]}")
    if left.dtype.kind not in "fc":
        wrong = np.asarray(left != right)
        return differs(kind[0], found(left, right, wrong)) if wrong.any() else same(kind)

    wrong = np.isnan(left) != np.isnan(right)
    wrong |= (np.isinf(left) | np.isinf(right)) & (left != right)
    if wrong.any():
        return differs(kind[0], found(left, right, wrong))
    finite = np.isfinite(left)
    gap = np.zeros(left.shape)
    gap[finite] = np.abs(left[finite].astype(float) - right[finite].astype(float))
    difference = float(gap.max(initial=0.0))
    if difference == 0:
        return same(kind)
    score = difference / yardstick if yardstick > 0 else math.inf
    return Agreement(score, difference, kind[0], found(left, right, gap == difference))


def named_dtype(value: Any) -> str:
    """Name the dtype the same way for both sides; a plain Python value has its type.

    >>> named_dtype(np.zeros(1)), named_dtype(torch.zeros(1)), named_dtype("a")
    ('float64', 'float32', 'str')
    """
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return str(value.dtype).removeprefix("torch.")
    return type(value).__name__


def same(kind: tuple[str, str]) -> Agreement:
    """Report that nothing differs."""
    return Agreement(0.0, 0.0, kind[0])


def differs(dtype: str, reason: str) -> Agreement:
    """Report a difference that no rounding explains."""
    return Agreement(math.inf, math.inf, dtype, reason)


def found(left: Any, right: Any, wrong: Any) -> str:
    """Say where the first wrong number stands, and both values."""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"at {at}: " if at else ""
    return f"{place}expected {left[at].item()!r}, got {right[at].item()!r}"
