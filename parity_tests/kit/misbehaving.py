"""Code that misbehaves in every way, and some that is right, to try the kit on.

Each stands for simple self-attention, or for a character tokenizer where it takes a
vocabulary. Nothing here needs torch, so that the kit's processes start fast.
"""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Named = dict[str, Any]

N_CALLS: list[int] = []  # of what changes with time
CACHE: dict[Any, Array] = {}
ESCAPES = "\x1b[31m red, \u202e backwards, \u2717"


def right(inputs: Named, parameters: Named, config: Named) -> Array:
    """Average the tokens as simple self-attention does."""
    x = inputs["x"]
    return attention_weights(x) @ x


def attention_weights(x: Array, axis: int = -1) -> Array:
    """Return the attention weights of simple self-attention."""
    scores = x @ x.swapaxes(-2, -1)
    exps = np.exp(scores - scores.max(axis=axis, keepdims=True, initial=-np.inf))
    weights: Array = exps / exps.sum(axis=axis, keepdims=True)
    return weights


def transposed(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return the right numbers in Fortran's order."""
    return np.asfortranarray(right(inputs, parameters, config))


def tires(inputs: Named, parameters: Named, config: Named) -> Array:
    """Be right thirty times, and worse each time after that."""
    N_CALLS.append(1)
    return right(inputs, parameters, config) + max(len(N_CALLS) - 30, 0)


def noisy(inputs: Named, parameters: Named, config: Named) -> Array:
    """Add noise that a reader of the numbers would not see."""
    answer = right(inputs, parameters, config)
    noise = np.random.default_rng().normal(scale=1e-8, size=answer.shape)
    return np.asarray(answer + noise, answer.dtype)


def fails_at_times(inputs: Named, parameters: Named, config: Named) -> Array:
    """Be wrong in every hundredth call."""
    N_CALLS.append(1)
    return right(inputs, parameters, config) + (len(N_CALLS) % 100 == 0)


def raises_at_times(inputs: Named, parameters: Named, config: Named) -> Array:
    """Raise in every hundredth call."""
    N_CALLS.append(1)
    if len(N_CALLS) % 100 == 0:
        raise ArithmeticError("no such luck")
    return right(inputs, parameters, config)


def remembers(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return what the last input of the same shape gave."""
    answer = right(inputs, parameters, config)
    last = CACHE.get((answer.shape, answer.dtype), answer)
    CACHE[answer.shape, answer.dtype] = answer
    return last


def raises(inputs: Named, parameters: Named, config: Named) -> Array:
    """Raise."""
    raise ArithmeticError("no such luck")


def raises_escapes(inputs: Named, parameters: Named, config: Named) -> Array:
    """Raise with what a terminal would obey, or could not show."""
    raise ArithmeticError(ESCAPES)


def starts_a_process(inputs: Named, parameters: Named, config: Named) -> Array:
    """Start a process that waits; write its number to a file."""
    child = subprocess.Popen(["sleep", "600"])
    Path(os.environ["CHILD"]).write_text(str(child.pid), encoding="utf-8")
    return right(inputs, parameters, config)


def forks(inputs: Named, parameters: Named, config: Named) -> Array:
    """Fork, and let the child answer as well."""
    os.fork()
    return right(inputs, parameters, config)


def takes_other_arguments(x: Array) -> Array:
    """Be no function of inputs, parameters and config."""
    return x


def hangs(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take for ever."""
    time.sleep(3600)
    return right(inputs, parameters, config)


def ends(inputs: Named, parameters: Named, config: Named) -> Array:
    """End the process."""
    os._exit(3)


def leaves(inputs: Named, parameters: Named, config: Named) -> Array:
    """Ask Python to end."""
    raise SystemExit(0)


def prints(inputs: Named, parameters: Named, config: Named) -> Array:
    """Print, and below Python as well; the answer is right."""
    print("here I am")
    os.write(1, b"and here")
    return right(inputs, parameters, config)


def changes(inputs: Named, parameters: Named, config: Named) -> Array:
    """Change the input in place."""
    inputs["x"] += 1
    return right(inputs, parameters, config)


def replaces(inputs: Named, parameters: Named, config: Named) -> Array:
    """Put something else in the place of the input."""
    answer = right(inputs, parameters, config)
    inputs["x"] = object()
    return answer


def gives_a_list(inputs: Named, parameters: Named, config: Named) -> Any:
    """Return a list."""
    return right(inputs, parameters, config).tolist()


def gives_objects(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return an array of objects."""
    return right(inputs, parameters, config).astype(object)


def gives_half(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return another dtype."""
    return right(inputs, parameters, config).astype(np.float16)


def gives_more(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return another shape."""
    return right(inputs, parameters, config)[..., None]


def gives_nan(inputs: Named, parameters: Named, config: Named) -> Array:
    """Return NaN."""
    return right(inputs, parameters, config) * np.nan


def gives_nan_or_a_constant(inputs: Named, parameters: Named, config: Named) -> Array:
    """Be wrong in two ways."""
    x: Array = inputs["x"]
    return x * np.nan if x.shape[-2] % 2 else np.full_like(x, 7.5)


def forgets_to_shift(inputs: Named, parameters: Named, config: Named) -> Array:
    """Overflow where scores are large."""
    x = inputs["x"]
    with np.errstate(all="ignore"):
        exps = np.exp(x @ x.swapaxes(-2, -1))
        return (exps / exps.sum(axis=-1, keepdims=True)) @ x


def mixes_up_axes(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take softmax over the wrong axis."""
    x = inputs["x"]
    return attention_weights(x, axis=-2) @ x


a_constant = 42
