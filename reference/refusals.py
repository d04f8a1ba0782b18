"""What a part refuses, and in which words.

Twin: torch_impl/refusals.py
"""

from numbers import Integral, Real
from typing import Any

import numpy as np
from jaxtyping import Shaped


def refuse_input(x: Shaped[np.ndarray, "..."], d_in: int | None) -> None:
    """Refuse what is not (…, T, C) floating-point numbers with `d_in` channels.

    `d_in=None` takes any number of channels.

    >>> refuse_input(np.zeros((4, 3)), d_in=3)
    >>> refuse_input(np.zeros(3), d_in=3)
    Traceback (most recent call last):
    ValueError: x must have shape (…, T, C), got (3,)

    Raises:
        TypeError: there is no array, or one of other than floating-point numbers.
        ValueError: there are fewer than two axes, or other than `d_in` channels.
    """
    refuse_no_array(x=x)
    if x.dtype.kind != "f":
        raise TypeError(f"x must hold floating-point numbers, got {x.dtype}")
    if x.ndim < 2:
        raise ValueError(f"x must have shape (…, T, C), got {x.shape}")
    if d_in is not None and x.shape[-1] != d_in:
        raise ValueError(f"x must have d_in = {d_in} channels, got {x.shape[-1]}")


def refuse_no_array(**arguments: Any) -> None:
    """Refuse what is not an array of this package's kind, by name.

    The other backend's arrays are refused too: what was computed on one side is handed
    to the other on purpose only.

    >>> refuse_no_array(x=np.zeros(2))
    >>> refuse_no_array(x=[0.0, 0.0])
    Traceback (most recent call last):
    TypeError: x must be an array of this backend, got list

    Raises:
        TypeError: an argument is something else.
    """
    for name, argument in arguments.items():
        if not isinstance(argument, np.ndarray):
            kind = type(argument).__name__
            raise TypeError(f"{name} must be an array of this backend, got {kind}")


def refuse_sizes(**sizes: int) -> None:
    """Refuse a size below one, by name.

    >>> refuse_sizes(d_in=3, d_out=0)
    Traceback (most recent call last):
    ValueError: d_out must be at least 1, got 0

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is below one.
    """
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise TypeError(f"{name} must be a whole number, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def refuse_uneven_heads(d_out: int, num_heads: int) -> None:
    """Refuse channels that cannot be shared out evenly among the heads.

    >>> refuse_uneven_heads(d_out=4, num_heads=3)
    Traceback (most recent call last):
    ValueError: d_out must be a multiple of num_heads, got 4 and 3

    Raises:
        ValueError: `d_out` is no multiple of `num_heads`.
    """
    if d_out % num_heads:
        raise ValueError(
            f"d_out must be a multiple of num_heads, got {d_out} and {num_heads}"
        )


def refuse_dropout(dropout: float) -> None:
    """Refuse a dropout that is not a probability.

    >>> refuse_dropout(1.5)
    Traceback (most recent call last):
    ValueError: dropout must lie in [0, 1], got 1.5

    Raises:
        TypeError: dropout is not a number.
        ValueError: dropout lies outside [0, 1].
    """
    if not isinstance(dropout, Real):
        raise TypeError(f"dropout must be a number, got {dropout!r}")
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout must lie in [0, 1], got {dropout}")


def refuse_length(n_tokens: int, context_length: int) -> None:
    """Refuse a text longer than the context.

    >>> refuse_length(5, context_length=4)
    Traceback (most recent call last):
    ValueError: at most context_length = 4 tokens fit, got 5

    Raises:
        ValueError: there are more than `context_length` tokens.
    """
    if n_tokens > context_length:
        raise ValueError(
            f"at most context_length = {context_length} tokens fit, got {n_tokens}"
        )
