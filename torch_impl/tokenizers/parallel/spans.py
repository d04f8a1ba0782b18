"""Spans of a row: words in a text, tokens of a word, blocks of a spelling.

Twin: reference/tokenizers/spans.py
"""

import torch
from jaxtyping import Int
from torch import Tensor


def span_places(
    starts: Int[Tensor, " W"], lengths: Int[Tensor, " W"]
) -> Int[Tensor, " N"]:
    """List the places of every span, one span after another.

    >>> span_places(torch.tensor([10, 4]), torch.tensor([3, 2]))
    tensor([10, 11, 12,  4,  5])
    """
    # 1. Number the places through, as if the spans stood end to end.
    ends = lengths.cumsum(0)
    through = torch.arange(int(lengths.sum()), device=lengths.device)

    # 2. Shift every span to where it starts.
    shifts = (starts - (ends - lengths)).repeat_interleave(lengths)
    return through + shifts
