"""Code that misbehaves in every way, and some that is right, to try the kit on.

Each stands for simple self-attention. Nothing here needs torch, so that the kit's
processes start fast.
"""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Named = dict[str, Any]
Function = Callable[[Named, Named, Named], Any]

ESCAPES = "\x1b[31m red, \u202e backwards, \u2717"
N_CALLS: list[int] = []  # of what changes with time
CACHE: dict[Any, Array] = {}


def attention_weights(x: Array, axis: int = -1) -> Array:
    """Return the attention weights of simple self-attention."""
    scores = x @ x.swapaxes(-2, -1)
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True, initial=-np.inf))
    weights: Array = exps / exps.sum(axis=axis, keepdims=True)
    return weights


def right(inputs: Named, parameters: Named, config: Named) -> Array:
    """Average the tokens as simple self-attention does."""
    x = inputs["x"]
    return attention_weights(x) @ x


def instead(change: Callable[[Array, Array], Any]) -> Function:
    """Make a function that knows the input and the right output, and returns this."""

    def function(inputs: Named, parameters: Named, config: Named) -> Any:
        return change(inputs["x"], right(inputs, parameters, config))

    return function


# Other forms, and other numbers

in_fortran_order = instead(lambda x, output: np.asfortranarray(output))
gives_a_list = instead(lambda x, output: output.tolist())
gives_objects = instead(lambda x, output: output.astype(object))
gives_half = instead(lambda x, output: output.astype(np.float16))
gives_more = instead(lambda x, output: output[..., None])
gives_nan = instead(lambda x, output: output * np.nan)
gives_nan_or_a_constant = instead(
    lambda x, output: output * np.nan if x.shape[-2] % 2 else np.full_like(x, 7.5)
)
mixes_up_axes = instead(lambda x, output: attention_weights(x, axis=-2) @ x)
takes_other_arguments = attention_weights
a_constant = 42


@instead
def forgets_to_shift(x: Array, output: Array) -> Array:
    """Overflow where scores are large."""
    with np.errstate(all="ignore"):
        exps = np.exp(x @ x.swapaxes(-2, -1))
        return (exps / exps.sum(axis=-1, keepdims=True)) @ x


# Other results for the same input


@instead
def noisy(x: Array, output: Array) -> Array:
    """Add noise that a reader of the numbers would not see."""
    noise = np.random.default_rng().normal(scale=1e-8, size=x.shape)
    return np.asarray(output + noise, x.dtype)


@instead
def fails_at_times(x: Array, output: Array) -> Array:
    """Be wrong in every hundredth call."""
    N_CALLS.append(1)
    return output + (len(N_CALLS) % 100 == 0)


@instead
def raises_at_times(x: Array, output: Array) -> Array:
    """Raise in every hundredth call."""
    N_CALLS.append(1)
    return output if len(N_CALLS) % 100 else raising()


@instead
def tires(x: Array, output: Array) -> Array:
    """Be right thirty times, and worse each time after that."""
    N_CALLS.append(1)
    return output + max(len(N_CALLS) - 30, 0)


@instead
def remembers(x: Array, output: Array) -> Array:
    """Return what the last input of the same form gave."""
    last = CACHE.get((x.shape, x.dtype), output)
    CACHE[x.shape, x.dtype] = output
    return last


# What harms its process, or what is around it


def raising(message: str = "no such luck") -> Any:
    """Raise an error."""
    raise ArithmeticError(message)


raises = instead(lambda x, output: raising())
raises_escapes = instead(lambda x, output: raising(ESCAPES))
ends = instead(lambda x, output: os._exit(3))
hangs = instead(lambda x, output: time.sleep(3600))


@instead
def leaves(x: Array, output: Array) -> Array:
    """Ask Python to end."""
    raise SystemExit(0)


@instead
def prints(x: Array, output: Array) -> Array:
    """Print, and below Python as well; the output is right."""
    print("here I am")
    os.write(1, b"and here")
    return output


@instead
def forks(x: Array, output: Array) -> Array:
    """Fork, and let the child answer as well."""
    os.fork()
    return output


@instead
def starts_a_process(x: Array, output: Array) -> Array:
    """Start a process that waits; write its number to a file."""
    child = subprocess.Popen(["sleep", "600"])
    Path(os.environ["CHILD"]).write_text(str(child.pid), encoding="utf-8")
    return output


@instead
def changes(x: Array, output: Array) -> Array:
    """Change the input in place."""
    x += 1
    return output


def replaces(inputs: Named, parameters: Named, config: Named) -> Array:
    """Put something else in the place of the input."""
    output = right(inputs, parameters, config)
    inputs["x"] = object()
    return output


@instead
def takes_no_views(x: Array, output: Array) -> Array:
    """Raise for a negative stride, as `torch.from_numpy` does."""
    return raising("a negative stride") if min(x.strides) < 0 else output
