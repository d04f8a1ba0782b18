"""How large an honest rounding error is in the gradients of an embedding."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity_tests.concept import Case


def gradient_yardsticks(
    case: Case, grad_output: np.ndarray[Any, Any]
) -> Mapping[str, float]:
    """Return an honest rounding error for each gradient: that of a sum over all texts.

    A sum is rounded by as much as its terms are large. Both sides may add them in an
    order of their own.
    """
    every_token = tuple(range(grad_output.ndim - 1))
    sizes: np.ndarray[Any, Any] = np.abs(grad_output).astype(float)
    largest = sizes.sum(axis=every_token).max(initial=0)
    rounding = float(np.finfo(grad_output.dtype).eps) / 2 * largest
    return dict.fromkeys(["grad_positions", *case.weights], float(rounding))
