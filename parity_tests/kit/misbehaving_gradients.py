"""Code whose gradients misbehave, and some that is right, to try the kit on.

Each stands for simple self-attention, and its forward pass is right. Asked with
`grad_output` in its inputs, it gives the gradient of `x` by name.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parity_tests.kit.misbehaving import Array, Named, attention_weights, right

Function = Callable[[Named, Named, Named], Any]


def with_gradients(change: Callable[[Named], Any]) -> Function:
    """Make a function whose output is right, and change its gradients."""

    def function(inputs: Named, parameters: Named, config: Named) -> Any:
        if "grad_output" not in inputs:
            return right(inputs, parameters, config)
        return change({"x": gradient_of_x(inputs["x"], inputs["grad_output"])})

    return function


def gradient_of_x(x: Array, grad_output: Array) -> Array:
    """Run simple self-attention backward, where x is query, key and value."""
    weights = attention_weights(x)
    grad_weights = grad_output @ x.swapaxes(-2, -1)
    weighted_mean = (weights * grad_weights).sum(axis=-1, keepdims=True)
    grad_scores = weights * (grad_weights - weighted_mean)
    both = grad_scores + grad_scores.swapaxes(-2, -1)
    gradient: Array = both @ x + weights.swapaxes(-2, -1) @ grad_output
    return gradient


def raising(gradients: Named) -> Named:
    """Raise."""
    raise ArithmeticError("no such luck")


def waiting(gradients: Named) -> Named:
    """Take for ever."""
    time.sleep(3600)
    return gradients


agrees = with_gradients(lambda gradients: gradients)
raises = with_gradients(raising)
hangs = with_gradients(waiting)
gives_an_array = with_gradients(lambda gradients: gradients["x"])
gives_nothing = with_gradients(lambda gradients: {})
gives_more = with_gradients(lambda gradients: {**gradients, "W_key": gradients["x"]})
gives_a_list = with_gradients(lambda gradients: {"x": gradients["x"].tolist()})
gives_half = with_gradients(lambda gradients: {"x": gradients["x"].astype(np.float16)})
gives_one_axis_more = with_gradients(lambda gradients: {"x": gradients["x"][None]})
gives_nan = with_gradients(lambda gradients: {"x": gradients["x"] * np.nan})
doubles = with_gradients(lambda gradients: {"x": 2 * gradients["x"]})
