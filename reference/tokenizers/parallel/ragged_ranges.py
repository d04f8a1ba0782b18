"""Ragged ranges: rows of different lengths in one array.

Twin: torch_impl/tokenizers/parallel/ragged_ranges.py
"""

import numpy as np
from jaxtyping import Int


def ragged_ranges(
    starts: Int[np.ndarray, " W"], lengths: Int[np.ndarray, " W"]
) -> Int[np.ndarray, " N"]:
    """List the positions of every range, one range after another.

    >>> ragged_ranges(np.array([10, 4]), np.array([3, 2]))
    array([10, 11, 12,  4,  5])
    """
    # 1. Number: the positions as if the ranges stood end to end.
    ends = np.cumsum(lengths)
    positions = np.arange(ends[-1] if len(ends) else 0)

    # 2. Shift: every range to its start.
    return positions + np.repeat(starts - (ends - lengths), lengths)
