"""Ragged ranges: rows of different lengths in one tensor.

Twin: reference/tokenizers/parallel/ragged_ranges.py
"""

import torch
from jaxtyping import Int
from torch import Tensor


def ragged_ranges(
    starts: Int[Tensor, " W"], lengths: Int[Tensor, " W"]
) -> Int[Tensor, " N"]:
    """List the positions of every range, one range after another.

    >>> ragged_ranges(torch.tensor([10, 4]), torch.tensor([3, 2]))
    tensor([10, 11, 12,  4,  5])
    """
    # 1. Number: the positions as if the ranges stood end to end.
    ends = lengths.cumsum(0)
    n = int(ends[-1]) if len(ends) else 0
    positions = torch.arange(n, device=lengths.device)

    # 2. Shift: every range to its start.
    shifts = starts - (ends - lengths)
    return positions + shifts.repeat_interleave(lengths, output_size=n)
