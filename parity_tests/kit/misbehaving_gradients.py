"""Code that misbehaves on the way back, and some that is right, to try the kit on.

Each stands for simple self-attention, and on the way there is right. Asked with
`grad_output` in its inputs, it gives the gradient of `x` by name.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parity_tests.kit.misbehaving import Array, Named, right

PlugIn = Callable[[Named, Named, Named], Any]


def going_back(change: Callable[[Named], Any]) -> PlugIn:
    """Make a plug-in that is right on the way there, and changes its gradients."""

    def plug_in(inputs: Named, weights: Named, config: Named) -> Any:
        if "grad_output" not in inputs:
            return right(inputs, weights, config)
        return change({"x": gradient_of_x(inputs["x"], inputs["grad_output"])})

    return plug_in


def gradient_of_x(x: Array, grad_output: Array) -> Array:
    """Go back through simple self-attention, where x is query, key and value."""
    scores = x @ x.swapaxes(-2, -1)
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    weights = raised / raised.sum(axis=-1, keepdims=True)
    grad_weights = grad_output @ x.swapaxes(-2, -1)
    average = (weights * grad_weights).sum(axis=-1, keepdims=True)
    grad_scores = weights * (grad_weights - average)
    both = grad_scores + grad_scores.swapaxes(-2, -1)
    gradient: Array = both @ x + weights.swapaxes(-2, -1) @ grad_output
    return gradient


def raising(gradients: Named) -> Named:
    """Raise."""
    raise ArithmeticError("no way back")


def waiting(gradients: Named) -> Named:
    """Take for ever."""
    time.sleep(3600)
    return gradients


agrees = going_back(lambda gradients: gradients)
raises = going_back(raising)
hangs = going_back(waiting)
gives_an_array = going_back(lambda gradients: gradients["x"])
gives_nothing = going_back(lambda gradients: {})
gives_more = going_back(lambda gradients: {**gradients, "W_key": gradients["x"]})
gives_a_list = going_back(lambda gradients: {"x": gradients["x"].tolist()})
gives_half = going_back(lambda gradients: {"x": gradients["x"].astype(np.float16)})
gives_one_axis_more = going_back(lambda gradients: {"x": gradients["x"][None]})
gives_nan = going_back(lambda gradients: {"x": gradients["x"] * np.nan})
doubles = going_back(lambda gradients: {"x": 2 * gradients["x"]})
