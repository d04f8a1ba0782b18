"""What tokenizers reject, on both backends: what is asked for, the type, the words."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from parity_tests.contract.rejection import Rejection

Arguments = Mapping[str, Any]

ONCE = "each of them once"
SURROGATE = "a text holds no lone surrogate, got"

BAD_TEXTS: list[Any] = [
    *(
        (text, TypeError, f"a text must be a string, got {type(text).__name__}")
        for text in (None, 5, b"a", ["a"])
    ),
    ("a\ud800", ValueError, f"{SURROGATE} U+D800 at position 1"),
    ("\udc00b", ValueError, f"{SURROGATE} U+DC00 at position 0"),
    ("ab\udc00\ud800c", ValueError, f"{SURROGATE} U+DC00 at position 2"),
    ("\ud83d\ude00", ValueError, f"{SURROGATE} U+D83D at position 0"),
]

BAD_BATCHES: list[Any] = [
    ("a", TypeError, "texts must be a list, got str"),
    (5, TypeError, "texts must be a list, got int"),
    (["", None], TypeError, "a text must be a string, got NoneType"),
    (["", "\ud800"], ValueError, f"{SURROGATE} U+D800 at position 0"),
]

BAD_IDS: list[Any] = [  # {size} is that of the vocabulary
    ([0, -1], ValueError, "ids must lie in [0, {size}), got -1"),
    ([0, 1000], ValueError, "ids must lie in [0, {size}), got 1000"),
    ([2**64], ValueError, f"ids must lie in [0, {{size}}), got {2**64}"),
    (np.array([-2], np.int8), ValueError, "ids must lie in [0, {size}), got -2"),
    ([0.0], TypeError, "ids must be integers, got 0.0"),
    ([True], TypeError, "ids must be integers, got True"),
    (["0"], TypeError, "ids must be integers, got '0'"),
    ([[0]], TypeError, "ids must be integers, got [0]"),
    (np.zeros((1, 2), np.int64), TypeError, "ids must be integers, got [0, 0]"),
    (np.ones(2), TypeError, "ids must be integers, got 1.0"),
    (np.zeros(2, bool), TypeError, "ids must be integers, got False"),
    ("0", TypeError, "ids must be a list, got str"),
    (0, TypeError, "ids must be a list, got int"),
    ({0}, TypeError, "ids must be a list, got set"),
]

BAD_NUMBERINGS: list[Any] = [
    ({"a": 1}, ValueError, f"ids must be 0..0, {ONCE}, got 1 for 'a'"),
    ({"a": 0, "b": 0}, ValueError, f"ids must be 0..1, {ONCE}, got 0 for 'b'"),
    ({"a": 0, "b": 2}, ValueError, f"ids must be 0..1, {ONCE}, got 2 for 'b'"),
    ({"a": -1}, ValueError, f"ids must be 0..0, {ONCE}, got -1 for 'a'"),
    ({"a": 2**70}, ValueError, f"ids must be 0..0, {ONCE}, got {2**70} for 'a'"),
    ({"a": "0"}, TypeError, "ids must be integers, got '0' for 'a'"),
    ({"a": 0.0}, TypeError, "ids must be integers, got 0.0 for 'a'"),
    ({"a": True}, TypeError, "ids must be integers, got True for 'a'"),
    ({"a" * 41: 0.5}, TypeError, f"ids must be integers, got 0.5 for '{'a' * 40}'…"),
    ({b"a": 0}, TypeError, "a text must be a string, got bytes"),
    ({1: 0}, TypeError, "a text must be a string, got int"),
    ({"\ud800": 0}, ValueError, f"{SURROGATE} U+D800 at position 0"),
    ("a", TypeError, "a vocabulary must map tokens to ids, got str"),
    (["a"], TypeError, "a vocabulary must map tokens to ids, got list"),
]

NO_CHARACTERS: list[Any] = [
    ({"ab": 0}, "a character is one code point, got 'ab'"),
    ({"": 0}, "a character is one code point, got ''"),
    ({"<|endoftext|>": 0}, "a character is one code point, got '<|endoftext|>'"),
]

UNKNOWN_WORDS = [
    ("the cat, the bird", "no id for 'bird', word 5 of the text"),
    ("Hello, world", "no id for 'Hello', word 1 of the text"),
    ("the " + "x" * 50, f"no id for '{'x' * 40}'…, word 2 of the text"),
]

UNKNOWN_CHARACTERS = [
    ("aé", "no id for the character 'é' (U+00E9) at position 1"),
    ("ab👍a👍", "no id for the character '👍' (U+1F44D) at position 2"),
    ("\x00", "no id for the character '\\x00' (U+0000) at position 0"),
    ("a\U0010ffff", "no id for the character '\\U0010ffff' (U+10FFFF) at position 1"),
]

A_MERGE = "a merge is a new pair of ids that exist before it, got"
BAD_MERGES: list[Any] = [
    ([[0, 1, 2]], f"{A_MERGE} [0, 1, 2] at rank 0"),
    ([[0]], f"{A_MERGE} [0] at rank 0"),
    ([[0, 1], [0, 0.5]], f"{A_MERGE} [0, 0.5] at rank 1"),
    ([[0, True]], f"{A_MERGE} [0, True] at rank 0"),
    ([[0, 1], 7], f"{A_MERGE} 7 at rank 1"),
    ([[0, 256]], f"{A_MERGE} [0, 256] at rank 0"),
    ([[256, 0]], f"{A_MERGE} [256, 0] at rank 0"),
    ([[0, 1], [-1, 0]], f"{A_MERGE} [-1, 0] at rank 1"),
    ([[0, 1], [0, 2], [0, 1]], f"{A_MERGE} [0, 1] at rank 2"),
    ([[0, 2**64]], f"{A_MERGE} [0, {2**64}] at rank 0"),
    (np.zeros((1, 3), np.int64), f"{A_MERGE} [0, 0, 0] at rank 0"),
    (np.zeros((1, 2)), f"{A_MERGE} [0.0, 0.0] at rank 0"),
]

DIFFER = "special tokens must differ, none empty, got"
EVERY_BYTE = "base_bytes must be every byte once, got"
BAD_VOCABULARIES: list[Any] = [
    ({"special_tokens": ["a", "a"]}, ValueError, f"{DIFFER} ['a', 'a']"),
    ({"special_tokens": ["a", ""]}, ValueError, f"{DIFFER} ['a', '']"),
    ({"special_tokens": [1]}, TypeError, "a text must be a string, got int"),
    ({"special_tokens": ["a\ud800"]}, ValueError, f"{SURROGATE} U+D800 at position 1"),
    ({"special_tokens": "ab"}, TypeError, "special_tokens must be a list, got str"),
    ({"merges": "ab"}, TypeError, "merges must be a list, got str"),
    ({"merges": None}, TypeError, "merges must be a list, got NoneType"),
    ({"base_bytes": "ab"}, TypeError, "base_bytes must be a list, got str"),
    ({"base_bytes": [1, 2]}, ValueError, f"{EVERY_BYTE} [1, 2]"),
    *(
        ({"base_bytes": bad}, ValueError, f"{EVERY_BYTE} {bad!r:.60}")
        for bad in ([0, *range(255)], [*range(257)], [0.0, *range(1, 256)], [])
    ),
]

AT_LEAST = (
    "vocab_size must be an integer, and at least 256 + the number of special tokens ="
)
RULES = ["bytes", "first_seen", "pair_id", "hugging_face"]
BAD_TRAININGS: list[Any] = [
    ({"vocab_size": 255}, f"{AT_LEAST} 256, got 255"),
    ({"vocab_size": 300.0}, f"{AT_LEAST} 256, got 300.0"),
    ({"vocab_size": 257, "special_tokens": ["a", "b"]}, f"{AT_LEAST} 258, got 257"),
    ({"vocab_size": 258, "special_tokens": ["a", "a"]}, f"{DIFFER} ['a', 'a']"),
    ({"tie_break": "random"}, f"tie_break must be one of {RULES}, got 'random'"),
]

A_TRAINING = {"text": "a", "vocab_size": 257}
END = {"merges": [], "special_tokens": ["<|endoftext|>"]}
SPECIAL_IN_TEXT = (
    "the text holds the special token '<|endoftext|>' at position 1: allow it in "
    "allowed_special, or pass disallowed_special=()"
)


def of_all(right: Arguments, size: int, learning: Arguments) -> Iterator[Rejection]:
    """List what every tokenizer rejects.

    `right` are arguments of the constructor, for a vocabulary of so many ids, and
    `learning` what training takes besides a text.
    """
    for given, error, text in BAD_TEXTS:
        yield Rejection(error, text, right, "encode", given)
        yield Rejection(error, text, {"text": given, **learning}, maker="from_text")
    for given, error, text in BAD_BATCHES:
        yield Rejection(error, text, right, "encode_batch", given)
        yield Rejection(error, text, right, "__call__", given)
        yield Rejection(error, text, {"texts": given, **learning}, maker="from_texts")
    for given, error, text in BAD_IDS:
        yield Rejection(error, text.format(size=size), right, "decode", given)


def of_a_vocabulary(right: dict[str, int], unknown: Any) -> Iterator[Rejection]:
    """List what a dict of ids rejects: other numberings, and what is unknown."""
    yield from of_all({"vocabulary": right}, len(right), {})
    for vocabulary, error, text in BAD_NUMBERINGS:
        yield Rejection(error, text, {"vocabulary": vocabulary})
    for given, text in unknown:
        yield Rejection(KeyError, repr(text), {"vocabulary": right}, "encode", given)


OF_WORDS = (*of_a_vocabulary({"the": 0, "cat": 1, ",": 2}, UNKNOWN_WORDS),)

OF_CHARACTERS = (
    *of_a_vocabulary({"a": 0, "b": 1, "c": 2}, UNKNOWN_CHARACTERS),
    *(Rejection(ValueError, text, {"vocabulary": v}) for v, text in NO_CHARACTERS),
)

OF_BYTE_PAIRS = (
    *of_all(END, 257, {"vocab_size": 300}),
    *(Rejection(ValueError, text, {"merges": merges}) for merges, text in BAD_MERGES),
    *(Rejection(error, text, {**END, **bad}) for bad, error, text in BAD_VOCABULARIES),
    *(
        Rejection(ValueError, text, {**A_TRAINING, **bad}, maker="from_text")
        for bad, text in BAD_TRAININGS
    ),
    Rejection(ValueError, SPECIAL_IN_TEXT, END, "encode", "a<|endoftext|>"),
    Rejection(ValueError, SPECIAL_IN_TEXT, END, "encode_batch", ["", "a<|endoftext|>"]),
    Rejection(TypeError, "ids must be integers, got 0.5", END, "decode_bytes", [0.5]),
)
