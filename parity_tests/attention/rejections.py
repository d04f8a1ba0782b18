"""What attention rejects, on both backends: what was changed, the type and the words.

A configuration changes some arguments of one that is right; an input is for three
channels and a context of four tokens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity_tests.attention.cases import SMALL
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import accepted

BAD_SIZES = [
    ({"d_in": 0}, ValueError, "d_in must be at least 1, got 0"),
    ({"d_out": -1}, ValueError, "d_out must be at least 1, got -1"),
    ({"d_in": 3.0}, TypeError, "d_in must be an integer, got 3.0"),
    ({"d_out": True}, TypeError, "d_out must be an integer, got True"),
]

BAD_CONTEXTS = [
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
    (
        {"context_length": "4"},
        TypeError,
        "context_length must be an integer, got '4'",
    ),
]

BAD_DROPOUTS = [
    ({"dropout": -0.1}, ValueError, "dropout must be in [0, 1], got -0.1"),
    ({"dropout": 1.5}, ValueError, "dropout must be in [0, 1], got 1.5"),
    ({"dropout": np.nan}, ValueError, "dropout must be in [0, 1], got nan"),
    ({"dropout": "0.1"}, TypeError, "dropout must be a number, got '0.1'"),
    ({"dropout": None}, TypeError, "dropout must be a number, got None"),
]

BAD_HEADS = [
    ({"num_heads": 0}, ValueError, "num_heads must be at least 1, got 0"),
    ({"num_heads": 1.5}, TypeError, "num_heads must be an integer, got 1.5"),
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

NO_TOKEN_AXIS = [(np.zeros(3), ValueError, "x must have shape (…, T, C), got (3,)")]

INTEGERS = [
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

NO_SEQUENCES = [*NO_ARRAY, *NO_TOKEN_AXIS, *INTEGERS]
BAD_INPUTS = [*NO_SEQUENCES, *TOO_FEW_CHANNELS]
MASKED_INPUTS = [*BAD_INPUTS, *TOO_LONG]
MASKED_SIZES = [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS]
HEADED_SIZES = [*MASKED_SIZES, *BAD_HEADS]


def rejected(
    path: str,
    configurations: Sequence[Any] = (),
    inputs: Sequence[Any] = (),
    **more: Any,
) -> tuple[Rejection, ...]:
    """List what a variant rejects when it is built, and what when it is called.

    `more` are arguments that this variant alone has.
    """
    right = accepted(path, {**SMALL, **more})
    built = (
        Rejection(error, text, {**right, **changed})
        for changed, error, text in configurations
    )
    called = (Rejection(error, text, right, "__call__", x) for x, error, text in inputs)
    return (*built, *called)
