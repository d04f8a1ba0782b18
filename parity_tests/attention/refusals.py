"""What attention refuses, on both sides: what was changed, the type and the words.

A configuration changes some arguments of one that is right; an input is for three
channels and a context of four tokens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity_tests.attention.cases import SMALL, accepted
from parity_tests.refusal import Refusal

BAD_SIZES = [
    ({"d_in": 0}, ValueError, "d_in must be at least 1, got 0"),
    ({"d_out": -1}, ValueError, "d_out must be at least 1, got -1"),
    ({"d_in": 3.0}, TypeError, "d_in must be a whole number, got 3.0"),
    ({"d_out": True}, TypeError, "d_out must be a whole number, got True"),
]

BAD_CONTEXTS = [
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
    (
        {"context_length": "4"},
        TypeError,
        "context_length must be a whole number, got '4'",
    ),
]

BAD_DROPOUTS = [
    ({"dropout": -0.1}, ValueError, "dropout must lie in [0, 1], got -0.1"),
    ({"dropout": 1.5}, ValueError, "dropout must lie in [0, 1], got 1.5"),
    ({"dropout": np.nan}, ValueError, "dropout must lie in [0, 1], got nan"),
    ({"dropout": "0.1"}, TypeError, "dropout must be a number, got '0.1'"),
    ({"dropout": None}, TypeError, "dropout must be a number, got None"),
]

BAD_HEADS = [
    ({"num_heads": 0}, ValueError, "num_heads must be at least 1, got 0"),
    ({"num_heads": 1.5}, TypeError, "num_heads must be a whole number, got 1.5"),
]

UNEVEN_HEADS = [
    (
        {"d_out": 4, "num_heads": 3},
        ValueError,
        "d_out must be a multiple of num_heads, got 4 and 3",
    ),
]

NO_ARRAY = [
    ([[0.0, 0.0, 0.0]], TypeError, "x must be an array of this backend, got list"),
    (None, TypeError, "x must be an array of this backend, got NoneType"),
]

NO_TIME = [(np.zeros(3), ValueError, "x must have shape (…, T, C), got (3,)")]

WHOLE_NUMBERS = [
    (
        np.zeros((4, 3), np.int64),
        TypeError,
        "x must hold floating-point numbers, got int64",
    ),
]

TOO_FEW_CHANNELS = [
    (np.zeros((4, 2)), ValueError, "x must have d_in = 3 channels, got 2"),
]

TOO_LONG = [
    (np.zeros((5, 3)), ValueError, "at most context_length = 4 tokens fit, got 5"),
]

NO_TEXTS = [*NO_ARRAY, *NO_TIME, *WHOLE_NUMBERS]
BAD_INPUTS = [*NO_TEXTS, *TOO_FEW_CHANNELS]
MASKED_INPUTS = [*BAD_INPUTS, *TOO_LONG]
MASKED_SIZES = [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS]
HEADED_SIZES = [*MASKED_SIZES, *BAD_HEADS]


def refused(
    variant: type, configurations: Sequence[Any] = (), inputs: Sequence[Any] = ()
) -> tuple[Refusal, ...]:
    """Record what a variant refuses when it is built, and what when it is called."""
    right = accepted(variant, SMALL)
    built = (
        Refusal(error, text, {**right, **changed})
        for changed, error, text in configurations
    )
    called = (Refusal(error, text, right, "__call__", x) for x, error, text in inputs)
    return (*built, *called)
