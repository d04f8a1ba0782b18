"""Copy the local names of a running function: those that can be compared."""

from collections.abc import Set
from dataclasses import fields, is_dataclass
from types import FrameType
from typing import Any

import numpy as np
import torch

WHOLE = bool | int | float | str | bytes | np.generic  # cannot change


def read(frame: FrameType, names: Set[str], live: bool = False) -> dict[str, Any]:
    """Copy those of the local names that hold numbers or text.

    `live` tensors are not copied: they stay in the graph that autograd goes back by.
    """
    values: dict[str, Any] = {}
    present = frame.f_locals
    for name in names:
        owner, _, attribute = name.rpartition(".")
        if owner in present and hasattr(present[owner], attribute):
            values |= plain(name, getattr(present[owner], attribute), live)
        elif not owner and name in present:
            values |= plain(name, present[name], live)
    return values


def plain(name: str, value: Any, live: bool = False) -> dict[str, Any]:
    """Copy a value under its name if it can be compared; nothing of one that cannot.

    >>> plain("pair", (1, [2.0, "b"])), plain("file", open)
    ({'pair': [1, [2.0, 'b']]}, {})
    """
    try:
        return {name: copy_of(value, live)}
    except TypeError:
        return {}


def copy_of(value: Any, live: bool = False) -> Any:
    """Copy a number, a text, an array, or what is made of these, as a row.

    Raises:
        TypeError: the value is none of these.
    """
    if value is None or isinstance(value, WHOLE):
        return value
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, torch.Tensor):
        return value if live else value.detach().clone()
    if isinstance(value, list | tuple):
        return [copy_of(entry, live) for entry in value]
    if isinstance(value, dict):
        return [copy_of([*value]), copy_of([*value.values()])]
    if isinstance(value, set | frozenset):
        return copy_of(sorted(value))
    if is_dataclass(value):
        return [copy_of(getattr(value, each.name)) for each in fields(value)]
    raise TypeError(f"{type(value).__name__} cannot be compared")
