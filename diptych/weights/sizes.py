"""Checks of what a file says: sizes, names and shapes, before anything is built."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

MOST = 2**31  # of a size


def size_of(said: Mapping[str, Any], key: str) -> int:
    """Look a size up.

    >>> size_of({"n_layer": 2}, "n_layer")
    2

    Raises:
        ValueError: the file does not say it, or says something else than a size.
    """
    if key not in said:
        raise ValueError(f"the file does not say {key}")
    size = said[key]
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size < MOST:
        raise ValueError(f"{key} must be an integer of at least 1, got {size!r:.40}")
    return size


def number_of(said: Mapping[str, Any], key: str, usual: float | None = None) -> float:
    """Look a number up, which is finite and not negative.

    Raises:
        ValueError: the file says something else.
    """
    number = said.get(key, usual)
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or not 0 <= number < math.inf:
        raise ValueError(
            f"{key} must be a finite number, 0 or more, got {number!r:.40}"
        )
    return float(number)


def check_shapes(
    wanted: Iterable[tuple[str, tuple[int, ...]]], found: Mapping[str, tuple[int, ...]]
) -> None:
    """Check that a file has the tensors of a model, in their shapes, and no others.

    As many are looked at as the file has, whatever number of blocks it claims.

    >>> check_shapes([("a", (2, 3))], {"a": (3, 2)})
    Traceback (most recent call last):
    ValueError: 'a' must have shape (2, 3), got (3, 2)

    Raises:
        ValueError: one is missing or unknown, or has another shape.
    """
    known = set()
    for name, shape in wanted:
        if name not in found:
            raise ValueError(f"the file lacks the tensor {name!r}")
        if found[name] != shape:
            raise ValueError(f"{name!r} must have shape {shape}, got {found[name]}")
        known.add(name)
    if unknown := sorted(found.keys() - known):
        raise ValueError(f"the model has no tensor {unknown[0]!r}")
