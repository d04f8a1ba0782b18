"""What a part does not accept, and in which words: ValueError and TypeError.

Twin: the checks in reference/module.py
"""

import math
from numbers import Integral, Real

from jaxtyping import Shaped
from torch import Tensor


def check_input(
    x: Shaped[Tensor, "..."], d_in: int | None, context_length: int | None = None
) -> None:
    """Check that `x` holds floating-point numbers of shape (…, T, C), C = `d_in`.

    >>> import torch
    >>> check_input(torch.zeros(3), d_in=3)
    Traceback (most recent call last):
    ValueError: x must have shape (…, T, C), got (3,)
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"x must be an array of this backend, got {type(x).__name__}")
    if not x.is_floating_point():
        dtype = str(x.dtype).removeprefix("torch.")
        raise TypeError(f"x must hold floating-point numbers, got {dtype}")
    if x.ndim < 2:
        raise ValueError(f"x must have shape (…, T, C), got {tuple(x.shape)}")
    if d_in is not None and x.shape[-1] != d_in:
        raise ValueError(f"x must have d_in = {d_in} channels, got {x.shape[-1]}")
    if context_length is not None and x.shape[-2] > context_length:
        limit = f"context_length = {context_length}"
        raise ValueError(f"at most {limit} tokens fit, got {x.shape[-2]}")


def check_sizes(**sizes: int) -> None:
    """Check, by name, that sizes are integers of at least one."""
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise TypeError(f"{name} must be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def check_multiple(**sizes: int) -> None:
    """Check, by name, that the first of two sizes is a multiple of the second."""
    (name, size), (part_name, part) = sizes.items()
    if size % part:
        rule = f"{name} must be a multiple of {part_name}"
        raise ValueError(f"{rule}, got {size} and {part}")


def check_dropout(dropout: float) -> None:
    """Check that dropout is a probability, 1 included."""
    if not isinstance(dropout, Real):
        raise TypeError(f"dropout must be a number, got {dropout!r}")
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout must be in [0, 1], got {dropout}")


def check_eps(eps: float) -> None:
    """Check that `eps` is a number that is not negative."""
    if not isinstance(eps, Real) or isinstance(eps, bool):
        raise TypeError(f"eps must be a number, got {eps!r}")
    if not 0 <= eps < math.inf:
        raise ValueError(f"eps must be finite, 0 or more, got {eps}")


def check_positive(**numbers: float) -> None:
    """Check, by name, that numbers are above zero and finite."""
    for name, number in numbers.items():
        if not isinstance(number, Real) or isinstance(number, bool):
            raise TypeError(f"{name} must be a number, got {number!r}")
        if not 0 < number < math.inf:
            raise ValueError(f"{name} must be finite and above 0, got {number}")
