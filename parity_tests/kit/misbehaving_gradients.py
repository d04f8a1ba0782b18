"""Code whose gradients misbehave, and some that is right, to try the kit on.

Each stands for simple self-attention, and its forward pass is right. Asked with
`grad_output` in its inputs, it gives the gradient of `x` by name.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from parity_tests.kit.misbehaving import (
    Array,
    Function,
    Named,
    attention_weights,
    raising,
    right,
)


def instead(change: Callable[[Array], Any]) -> Function:
    """Make a function that knows the right gradient, and returns this."""

    def function(inputs: Named, parameters: Named, config: Named) -> Any:
        if "grad_output" not in inputs:
            return right(inputs, parameters, config)
        return change(gradient_of_x(inputs["x"], inputs["grad_output"]))

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


agrees = instead(lambda gradient: {"x": gradient})
raises = instead(lambda gradient: raising())
hangs = instead(lambda gradient: time.sleep(3600))
gives_an_array = instead(lambda gradient: gradient)
gives_nothing = instead(lambda gradient: {})
gives_more = instead(lambda gradient: {"x": gradient, "W_key": gradient})
gives_a_list = instead(lambda gradient: {"x": gradient.tolist()})
gives_half = instead(lambda gradient: {"x": gradient.astype(np.float16)})
gives_one_axis_more = instead(lambda gradient: {"x": gradient[None]})
gives_nan = instead(lambda gradient: {"x": gradient * np.nan})
doubles = instead(lambda gradient: {"x": 2 * gradient})
