"""Spans of a row: words in a text, tokens of a word, blocks of a spelling.

Twin: torch_impl/tokenizers/spans.py
"""

import numpy as np
from jaxtyping import Int


def span_places(
    starts: Int[np.ndarray, " W"], lengths: Int[np.ndarray, " W"]
) -> Int[np.ndarray, " N"]:
    """List the places of every span, one span after another.

    >>> span_places(np.array([10, 4]), np.array([3, 2]))
    array([10, 11, 12,  4,  5])
    """
    # 1. Number the places through, as if the spans stood end to end.
    ends = np.cumsum(lengths)
    through = np.arange(lengths.sum())

    # 2. Shift every span to where it starts.
    shifts = np.repeat(starts - (ends - lengths), lengths)
    return through + shifts
