"""What windows and embeddings refuse, on both sides."""

from typing import Any

import numpy as np

from parity_tests.refusal import Refusal

FIVE = {"ids": [0, 1, 2, 3, 4], "max_length": 2, "stride": 1}
SMALL = {"vocab_size": 3, "output_dim": 2, "context_length": 4}

BAD_CUTS: list[Any] = [
    ({"max_length": 0}, ValueError, "max_length must be at least 1, got 0"),
    ({"max_length": 1.0}, TypeError, "max_length must be a whole number, got 1.0"),
    ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
    ({"stride": -1}, ValueError, "stride must be at least 1, got -1"),
    ({"stride": True}, TypeError, "stride must be a whole number, got True"),
]

BAD_TEXTS: list[Any] = [
    ([0.5], TypeError, "ids must be whole numbers, got 0.5"),
    ("ab", TypeError, "ids must be whole numbers, got 'a'"),
    ([[1]], TypeError, "ids must be whole numbers, got [1]"),
    ([2**63], ValueError, f"ids must fit into 64 bits, got {2**63}"),
    (
        np.zeros((2, 3), np.int64),
        ValueError,
        "ids must stand in one row, got shape (2, 3)",
    ),
    (np.array(1), ValueError, "ids must stand in one row, got shape ()"),
    (np.zeros(4), TypeError, "ids must be whole numbers, got float64"),
    (np.zeros(4, bool), TypeError, "ids must be whole numbers, got bool"),
]

NO_SUCH_WINDOWS = [3, -4, 10**20]

BAD_SIZES: list[Any] = [
    ({"vocab_size": 0}, ValueError, "vocab_size must be at least 1, got 0"),
    ({"output_dim": -2}, ValueError, "output_dim must be at least 1, got -2"),
    ({"output_dim": 1.5}, TypeError, "output_dim must be a whole number, got 1.5"),
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
]

BAD_IDS: list[Any] = [
    ([0, 1], TypeError, "ids must be an array of this backend, got list"),
    (0, TypeError, "ids must be an array of this backend, got int"),
    (np.array([0, -1]), ValueError, "ids must lie in 0..2, got -1"),
    (np.array([[0, 1], [3, 9]]), ValueError, "ids must lie in 0..2, got 3"),
    (np.array([0, 4], np.uint8), ValueError, "ids must lie in 0..2, got 4"),
    (np.array([0.0]), TypeError, "ids must be whole numbers, got float64"),
    (np.array([True]), TypeError, "ids must be whole numbers, got bool"),
    (np.array([1j]), TypeError, "ids must be whole numbers, got complex128"),
    (np.array(0), ValueError, "ids must have shape (…, T), got ()"),
    (
        np.zeros((2, 5), np.int64),
        ValueError,
        "at most context_length = 4 tokens fit, got 5",
    ),
]

OF_WINDOWS = (
    *(Refusal(error, text, {**FIVE, **changed}) for changed, error, text in BAD_CUTS),
    *(Refusal(error, text, {**FIVE, "ids": ids}) for ids, error, text in BAD_TEXTS),
    *(
        Refusal(
            IndexError,
            f"there are 3 windows, got number {number}",
            FIVE,
            "__getitem__",
            number,
        )
        for number in NO_SUCH_WINDOWS
    ),
)

OF_EMBEDDINGS = (
    *(Refusal(error, text, {**SMALL, **changed}) for changed, error, text in BAD_SIZES),
    *(Refusal(error, text, SMALL, "__call__", ids) for ids, error, text in BAD_IDS),
)
