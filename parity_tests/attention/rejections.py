"""What attention rejects, on both backends: what was changed, the type and the words.

A configuration changes some arguments of one that is right; an input is for three
channels and a context of four tokens.
"""

from typing import Any

import numpy as np

from parity_tests.attention.cases import SMALL
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import accepted

BAD_SIZES: list[Any] = [
    ({"d_in": 0}, ValueError, "d_in must be at least 1, got 0"),
    ({"d_out": -1}, ValueError, "d_out must be at least 1, got -1"),
    ({"d_in": 3.0}, TypeError, "d_in must be an integer, got 3.0"),
    ({"d_out": True}, TypeError, "d_out must be an integer, got True"),
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
    ({"context_length": "4"}, TypeError, "context_length must be an integer, got '4'"),
    ({"dropout": -0.1}, ValueError, "dropout must be in [0, 1], got -0.1"),
    ({"dropout": 1.5}, ValueError, "dropout must be in [0, 1], got 1.5"),
    ({"dropout": np.nan}, ValueError, "dropout must be in [0, 1], got nan"),
    ({"dropout": "0.1"}, TypeError, "dropout must be a number, got '0.1'"),
    ({"dropout": None}, TypeError, "dropout must be a number, got None"),
    ({"num_heads": 0}, ValueError, "num_heads must be at least 1, got 0"),
    ({"num_heads": 1.5}, TypeError, "num_heads must be an integer, got 1.5"),
]
UNEVEN = "must be a multiple of"
UNEVEN_HEADS: Any = (
    *({"d_out": 4, "num_heads": 3}, ValueError),
    f"d_out {UNEVEN} num_heads, got 4 and 3",
)
UNEVEN_GROUPS: Any = (
    *({"num_kv_heads": 3, "num_heads": 4}, ValueError),
    f"num_heads {UNEVEN} num_kv_heads, got 4 and 3",
)
INTEGERS = np.zeros((4, 3), np.int64)
BAD_INPUTS: list[Any] = [  # the last two for variants that take the argument
    ([[0.0, 0.0, 0.0]], TypeError, "x must be an array of this backend, got list"),
    (None, TypeError, "x must be an array of this backend, got NoneType"),
    (np.zeros(3), ValueError, "x must have shape (…, T, C), got (3,)"),
    (INTEGERS, TypeError, "x must hold floating-point numbers, got int64"),
    (np.zeros((4, 2)), ValueError, "x must have d_in = 3 channels, got 2"),
    (np.zeros((5, 3)), ValueError, "at most context_length = 4 tokens fit, got 5"),
]


def rejected(path: str, *own: Any, **sizes: Any) -> tuple[Rejection, ...]:
    """List what a variant rejects when it is built, and what when it is called.

    `own` are configurations, and `sizes` arguments, that not all others have.
    """
    right = accepted(path, {**SMALL, **sizes})
    built = [row for row in BAD_SIZES if row[0].keys() <= right.keys()]
    n_inputs = 4 + ("d_in" in right) + ("context_length" in right)
    return (
        *(Rejection(error, text, {**right, **bad}) for bad, error, text in built),
        *(Rejection(error, text, {**right, **bad}) for bad, error, text in own),
        *(
            Rejection(error, text, right, "__call__", x)
            for x, error, text in BAD_INPUTS[:n_inputs]
        ),
    )
