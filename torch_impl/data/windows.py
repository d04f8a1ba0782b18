"""Sliding windows: many short inputs from one long text, and the token after each.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 2.6.
Twin:   reference/data/windows.py
"""

import operator
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Integer
from torch import Tensor
from torch.utils.data import Dataset

from torch_impl.validation import check_sizes


class SlidingWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows that start at 0, stride, 2 · stride, …, as pairs of input and target.

    A target is its input shifted by one token. A text of n tokens has
    ceil((n - max_length) / stride) windows, or none if n <= max_length; tokens at the
    end that fill no window are in none.

    `inputs` and `targets` are views of one copy of the text, so that overlapping
    windows take no memory; `windows[i]` is a copy, which may be written to.

    >>> windows = SlidingWindows([1, 2, 3, 4, 5], max_length=2, stride=2)
    >>> windows.inputs
    tensor([[1, 2],
            [3, 4]])
    >>> windows[-1]
    (tensor([3, 4]), tensor([4, 5]))
    """

    def __init__(
        self, ids: Integer[Tensor, " N"] | Sequence[int], max_length: int, stride: int
    ):
        check_sizes(max_length=max_length, stride=stride)
        text = copy_ids(ids)  # (N,)

        # 1. Windows: max_length + 1 tokens each, one window every `stride` tokens.
        if len(text) > max_length:
            windows = text.unfold(0, max_length + 1, stride)  # (K, L+1)
        else:
            windows = text.new_zeros(0, max_length + 1)

        # 2. Inputs and targets: all tokens but the last, and all but the first.
        self.inputs: Integer[Tensor, "K L"] = windows[:, :-1]  # (K, L)
        self.targets: Integer[Tensor, "K L"] = windows[:, 1:]  # (K, L)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(
        self, i: int
    ) -> tuple[Integer[Tensor, " L"], Integer[Tensor, " L"]]:
        index = operator.index(i)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} windows, got index {index}")
        return self.inputs[index].clone(), self.targets[index].clone()


def copy_ids(ids: Integer[Tensor, " N"] | Sequence[int]) -> Integer[Tensor, " N"]:
    """Copy ids to a tensor; a sequence of integers will do.

    >>> copy_ids([4, 2])
    tensor([4, 2])
    """
    if not isinstance(ids, Tensor):
        return torch.tensor([check_id(number) for number in ids], dtype=torch.int64)
    if ids.ndim != 1:
        raise ValueError(f"ids must be one-dimensional, got shape {tuple(ids.shape)}")
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        dtype = str(ids.dtype).removeprefix("torch.")
        raise TypeError(f"ids must be integers, got {dtype}")
    return ids.clone(memory_format=torch.contiguous_format)


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
