"""Sliding windows: many short inputs from one long text, and the token after each.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 2.6.
Twin:   torch_impl/data/windows.py
"""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Integer
from numpy.lib.stride_tricks import sliding_window_view

from reference.module import as_array, check_sizes


class SlidingWindows:
    """Windows that start at 0, stride, 2 · stride, …, as pairs of input and target.

    A target is its input shifted by one token. A text of n tokens has
    ceil((n - max_length) / stride) windows, or none if n <= max_length; tokens at the
    end that fill no window are in none.

    `inputs` and `targets` are views of one copy of the text, so that overlapping
    windows take no memory; `windows[i]` is a copy, which may be written to.

    >>> windows = SlidingWindows([1, 2, 3, 4, 5], max_length=2, stride=2)
    >>> windows.inputs
    array([[1, 2],
           [3, 4]])
    >>> windows[-1]
    (array([3, 4]), array([4, 5]))
    """

    def __init__(
        self,
        ids: Integer[np.ndarray, " N"] | Sequence[int],
        max_length: int,
        stride: int,
    ):
        check_sizes(max_length=max_length, stride=stride)
        text = copy_ids(ids)  # (N,)

        # 1. Windows: max_length + 1 tokens each, one window every `stride` tokens.
        if len(text) > max_length:
            windows = sliding_window_view(text, max_length + 1, writeable=True)
            windows = windows[::stride]  # (K, L+1)
        else:
            windows = np.zeros((0, max_length + 1), text.dtype)

        # 2. Inputs and targets: all tokens but the last, and all but the first.
        self.inputs: Integer[np.ndarray, "K L"] = windows[:, :-1]  # (K, L)
        self.targets: Integer[np.ndarray, "K L"] = windows[:, 1:]  # (K, L)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(
        self, i: int
    ) -> tuple[Integer[np.ndarray, " L"], Integer[np.ndarray, " L"]]:
        index = operator.index(i)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} windows, got index {index}")
        return self.inputs[index].copy(), self.targets[index].copy()


def copy_ids(
    ids: Integer[np.ndarray, " N"] | Sequence[int],
) -> Integer[np.ndarray, " N"]:
    """Copy ids to an array; a CPU tensor will do, and so will a sequence of integers.

    >>> copy_ids([4, 2])
    array([4, 2])
    """
    ids = as_array(ids)
    if not isinstance(ids, np.ndarray):
        return np.array([check_id(number) for number in ids], np.int64)
    if ids.ndim != 1:
        raise ValueError(f"ids must be one-dimensional, got shape {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids must be integers, got {ids.dtype}")
    return ids.copy()


def check_id(number: Any) -> int:
    """Check that an id is an integer of at most 64 bits."""
    try:
        integer = operator.index(number)
    except TypeError:
        integer = None
    if integer is None or isinstance(number, bool):
        raise TypeError(f"ids must be integers, got {number!r}")
    if not -(2**63) <= integer < 2**63:
        raise ValueError(f"ids must fit into 64 bits, got {integer}")
    return integer
