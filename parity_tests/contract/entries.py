"""How far the entries of two floating-point arrays of one shape are apart."""

from typing import Any

import numpy as np


def strange(left: Any, right: Any) -> Any:
    """Mark where one of two numbers is NaN or infinite, and the other is not so."""
    wrong = np.isnan(left) != np.isnan(right)
    return wrong | ((np.isinf(left) | np.isinf(right)) & (left != right))


def gaps(left: Any, right: Any) -> Any:
    """Return how far numbers are apart, 0 where the left one is not finite."""
    wide = np.result_type(left, float)
    finite = np.isfinite(left)
    gap = np.zeros(left.shape)
    with np.errstate(over="ignore"):
        gap[finite] = np.abs(left[finite].astype(wide) - right[finite].astype(wide))
    return gap


def in_units(gap: Any, unit: Any) -> Any:
    """Count gaps in rounding units; without a gap there is no error."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(gap == 0, 0.0, gap / unit)
