"""Code that misbehaves in every way, and some that is right, to try the kit on.

Each stands for simple self-attention, or for a character tokenizer where it takes a
vocabulary. Nothing here needs torch, so that the kit's processes start fast.
"""

import os
import time
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Named = dict[str, Any]

N_CALLS: list[int] = []  # of what tires


def right(inputs: Named, weights: Named, config: Named) -> Array:
    """Mix the tokens as simple self-attention does."""
    x = inputs["x"]
    scores = x @ x.swapaxes(-2, -1)
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return (raised / raised.sum(axis=-1, keepdims=True)) @ x


def tires(inputs: Named, weights: Named, config: Named) -> Array:
    """Be right thirty times, and worse each time after that."""
    N_CALLS.append(1)
    return right(inputs, weights, config) + max(len(N_CALLS) - 30, 0)


def raises(inputs: Named, weights: Named, config: Named) -> Array:
    """Raise."""
    raise ArithmeticError("no such luck")


def hangs(inputs: Named, weights: Named, config: Named) -> Array:
    """Take for ever."""
    time.sleep(3600)
    return right(inputs, weights, config)


def ends(inputs: Named, weights: Named, config: Named) -> Array:
    """End the process."""
    os._exit(3)


def leaves(inputs: Named, weights: Named, config: Named) -> Array:
    """Ask Python to end."""
    raise SystemExit(0)


def prints(inputs: Named, weights: Named, config: Named) -> Array:
    """Print, and below Python as well; the answer is right."""
    print("here I am")
    os.write(1, b"and here")
    return right(inputs, weights, config)


def changes(inputs: Named, weights: Named, config: Named) -> Array:
    """Change the input in place."""
    inputs["x"] += 1
    return right(inputs, weights, config)


def replaces(inputs: Named, weights: Named, config: Named) -> Array:
    """Put something else in the place of the input."""
    answer = right(inputs, weights, config)
    inputs["x"] = object()
    return answer


def gives_a_list(inputs: Named, weights: Named, config: Named) -> Any:
    """Return a list."""
    return right(inputs, weights, config).tolist()


def gives_objects(inputs: Named, weights: Named, config: Named) -> Array:
    """Return an array of objects."""
    return right(inputs, weights, config).astype(object)


def gives_half(inputs: Named, weights: Named, config: Named) -> Array:
    """Return another dtype."""
    return right(inputs, weights, config).astype(np.float16)


def gives_more(inputs: Named, weights: Named, config: Named) -> Array:
    """Return another shape."""
    return right(inputs, weights, config)[..., None]


def gives_nan(inputs: Named, weights: Named, config: Named) -> Array:
    """Return NaN."""
    return right(inputs, weights, config) * np.nan


def gives_nan_or_a_constant(inputs: Named, weights: Named, config: Named) -> Array:
    """Be wrong in two ways."""
    x: Array = inputs["x"]
    return x * np.nan if x.shape[-2] % 2 else np.full_like(x, 7.5)


def forgets_to_shift(inputs: Named, weights: Named, config: Named) -> Array:
    """Overflow where scores are large."""
    x = inputs["x"]
    with np.errstate(all="ignore"):
        raised = np.exp(x @ x.swapaxes(-2, -1))
        return (raised / raised.sum(axis=-1, keepdims=True)) @ x


def mixes_up_axes(inputs: Named, weights: Named, config: Named) -> Array:
    """Take softmax over the wrong axis."""
    x = inputs["x"]
    scores = x @ x.swapaxes(-2, -1)
    raised = np.exp(scores - scores.max(axis=-2, keepdims=True, initial=-np.inf))
    return (raised / raised.sum(axis=-2, keepdims=True)) @ x


a_constant = 42
