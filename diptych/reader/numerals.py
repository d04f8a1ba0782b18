"""How a number is written in a cell, and how a difference is."""

import math
from typing import Any

import numpy as np

NEVER = 2**62  # and more: a rank or an index that stands for none


def number(value: Any) -> str:
    """Write a number: two decimals, and never a negative zero.

    An integer that no count reaches marks what never happens.

    >>> [number(v) for v in (0.456, -0.001, -math.inf, 7, True, False, 1e9, 2**62)]
    ['0.46', '0.00', '−∞', '7', '■', '·', '1.0e+09', 'never']
    """
    if isinstance(value, bool | np.bool_):
        return "■" if value else "·"
    if isinstance(value, int | np.integer):
        return integer(int(value))
    if not isinstance(value, float | np.floating):
        return str(value)
    exact = float(value)
    if math.isinf(exact):
        return "∞" if exact > 0 else "−∞"
    written = f"{exact:.2f}" if abs(exact) < 1e5 else f"{exact:.1e}"
    return "0.00" if written == "-0.00" else written


def integer(value: int) -> str:
    """Write an integer."""
    if abs(value) >= NEVER:
        return "never"
    return str(value) if abs(value) < 10**12 else f"{float(value):.1e}"


def difference(value: float | None) -> str:
    """Write how large the difference of both backends is.

    >>> difference(0.0), difference(2.2e-16), difference(math.inf)
    ('equal', '2e-16', 'no rounding error')
    """
    if not value:
        return "equal"
    return "no rounding error" if math.isinf(value) else f"{value:.0e}"
