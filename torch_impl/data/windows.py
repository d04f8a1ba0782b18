"""Sliding windows: many short inputs from one long text, and what follows each token.

Source: Raschka, Build a Large Language Model (From Scratch), section 2.6,
        https://github.com/rasbt/LLMs-from-scratch, ch02/01_main-chapter-code.
Twin:   reference/data/windows.py
"""

import operator
from collections.abc import Sequence

from jaxtyping import Integer
from torch import Tensor
from torch.utils.data import Dataset

from torch_impl.refusals import refuse_sizes
from torch_impl.tokenizers.ids import row_of_ids


class SlidingWindows(Dataset[tuple[Tensor, Tensor]]):
    """Windows that start at 0, stride, 2 · stride, … and the same one token later.

    A target is its input shifted by one: what stands after each token. So a text of n
    tokens gives ceil((n - max_length) / stride) windows, and none if it is not longer
    than one; what is left over at the end is in no window. Windows are views of the
    text, without a copy.

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
        refuse_sizes(max_length=max_length, stride=stride)
        row = row_of_ids(ids)  # (N,)

        # 1. Slide a window over the text, one token longer than an input.
        if len(row) > max_length:
            windows = row.unfold(0, max_length + 1, stride)  # (K, L+1)
        else:
            windows = row.new_zeros(0, max_length + 1)

        # 2. Take all tokens but the last as input, all but the first as target.
        self.inputs: Integer[Tensor, "K L"] = windows[:, :-1]  # (K, L)
        self.targets: Integer[Tensor, "K L"] = windows[:, 1:]  # (K, L)

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(
        self, i: int
    ) -> tuple[Integer[Tensor, " L"], Integer[Tensor, " L"]]:
        place = operator.index(i)
        if not -len(self) <= place < len(self):
            raise IndexError(f"there are {len(self)} windows, got number {place}")
        return self.inputs[place], self.targets[place]
