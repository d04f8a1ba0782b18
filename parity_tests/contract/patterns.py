"""Numbers to fill arrays with: structure drawn, numbers seeded."""

import math
from typing import Any

import numpy as np

PATTERNS = ("ones", "ramp", "ties", "one-hot", "normal")
SCALES = (1.0, 1e-3, 5.0, 30.0, 1e3)
LEADING = ((), (1,), (2,), (3,), (1, 2), (2, 3), (3, 1))


def numbers(pattern: str, shape: tuple[int, ...], seed: int) -> np.ndarray[Any, Any]:
    """Fill an array with a pattern, from the simplest to the richest."""
    rng = np.random.default_rng(seed)
    size = math.prod(shape)
    if pattern == "ones":
        return np.ones(shape)
    if pattern == "ramp":
        return np.linspace(-1, 1, size).reshape(shape)
    if pattern == "ties":
        return rng.integers(-1, 2, shape).astype(float)
    if pattern == "one-hot":
        hot = np.arange(size) % (shape[-1] + 1) == 0
        return hot.astype(float).reshape(shape)
    return rng.normal(size=shape)
