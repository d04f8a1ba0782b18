"""What byte pairs refuse, on both sides."""

from typing import Any

import numpy as np

import reference
from parity_tests.refusal import Refusal

END = {"merges": [], "special_tokens": ["<|endoftext|>"]}
SPECIAL_IN_TEXT = (
    "the text holds the special token '<|endoftext|>' at position 1: put it in "
    "allowed_special, or pass disallowed_special=() to read it as plain text"
)
NOT_TO_BE_READ: list[Any] = [
    ("encode", b"a", TypeError, "a text must be a string, got bytes"),
    ("encode", "a<|endoftext|>", ValueError, SPECIAL_IN_TEXT),
    ("decode", [0, 257], ValueError, "ids must lie in 0..256, got 257"),
    ("decode", [-1], ValueError, "ids must lie in 0..256, got -1"),
    ("decode_bytes", [0.5], TypeError, "ids must be whole numbers, got 0.5"),
]

NO_MERGES: list[Any] = [
    (
        {"merges": [[0, 1, 2]]},
        "a merge is a pair of ids, got [0, 1, 2] at rank 0",
    ),
    (
        {"merges": [[0, 1], [0, 0.5]]},
        "a merge is a pair of ids, got [0, 0.5] at rank 1",
    ),
    ({"merges": [[0, 1], 7]}, "a merge is a pair of ids, got 7 at rank 1"),
    (
        {"merges": [[0, 256]]},
        "a merge joins symbols that exist before it, got [0, 256] at rank 0",
    ),
    ({"special_tokens": ["a", "a"]}, "special tokens must differ, got 'a' twice"),
    ({"special_tokens": [""]}, "a special token has a character, got '' at 0"),
    (
        {"base_bytes": [1, 2]},
        "base_bytes must hold every byte once, got 2 of them without "
        f"{[0, *range(3, 256)]}",
    ),
]

AT_LEAST = "vocab_size must be at least 256 + the number of special tokens ="
NO_SIZES: list[Any] = [
    ((255, ()), ValueError, f"{AT_LEAST} 256, got 255"),
    ((257, ("a", "b")), ValueError, f"{AT_LEAST} 258, got 257"),
    ((300.0, ()), TypeError, "vocab_size must be a whole number, got 300.0"),
]


def state_with(merges: list[list[int]]) -> dict[str, Any]:
    """Return a state of byte pairs with other merges in it."""
    state = reference.BytePairTokenizer.train("abab", 258).state_dict()
    return {**state, "merges": np.array(merges)}


OF_BYTE_PAIRS = (
    *(
        Refusal(ValueError, text, {"merges": [], **changed})
        for changed, text in NO_MERGES
    ),
    *(
        Refusal(error, text, END, method, given)
        for method, given, error, text in NOT_TO_BE_READ
    ),
    *(
        Refusal(
            error,
            text,
            {"text": "a", "vocab_size": size, "special_tokens": special_tokens},
            maker="train",
        )
        for (size, special_tokens), error, text in NO_SIZES
    ),
    Refusal(
        ValueError,
        "a merge joins symbols that exist before it, got [999, 999] at rank 0",
        {"text": "abab", "vocab_size": 258},
        "load_state_dict",
        state_with([[999, 999]]),
        "train",
    ),
)
