"""What tokenizers of words and of characters refuse, on both sides."""

from typing import Any

import numpy as np

from parity_tests.refusal import Refusal

NO_NUMBERING: list[Any] = [
    ({"a": 1}, ValueError, "ids must be 0..0, each of them once, got 1 for 'a'"),
    (
        {"a": 0, "b": 0},
        ValueError,
        "ids must be 0..1, each of them once, got 0 for 'b'",
    ),
    (
        {"a": 0, "b": 2},
        ValueError,
        "ids must be 0..1, each of them once, got 2 for 'b'",
    ),
    ({"a": -1}, ValueError, "ids must be 0..0, each of them once, got -1 for 'a'"),
    ({"a": 2**70}, ValueError, f"ids must fit into 64 bits, got {2**70}"),
    ({"a": "0"}, TypeError, "ids must be whole numbers, got '0'"),
    ({"a": 0.0}, TypeError, "ids must be whole numbers, got 0.0"),
    ({"a": True}, TypeError, "ids must be whole numbers, got True"),
    ({b"a": 0}, TypeError, "a text must be a string, got bytes"),
    ({1: 0}, TypeError, "a text must be a string, got int"),
    (
        {"\ud800": 0},
        ValueError,
        "a text holds no lone surrogate, got U+D800 at position 0",
    ),
    (
        {"a\udfff": 0},
        ValueError,
        "a text holds no lone surrogate, got U+DFFF at position 1",
    ),
    ("a", TypeError, "a vocabulary must map words to ids, got str"),
    (["a"], TypeError, "a vocabulary must map words to ids, got list"),
]

NO_CHARACTERS = [
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

NO_RISE = "ends must rise to the end of the spelling"
STATES_OF_WORDS: list[Any] = [
    ([97, 98], [1, 3], NO_RISE),
    ([97, 98], [2, 1], NO_RISE),
    ([97, 98], [1], NO_RISE),
    ([97, 98], [-1, 2], NO_RISE),
    ([[97, 98]], [1, 2], NO_RISE),
    ([97, 97], [1, 2], "every word must have one id, got 'a' twice"),
    ([97, 300], [1, 2], "spelling must hold uint8, got int64"),
    ([97, 98], [1.0, 2.0], "ends must hold int64, got float64"),
    ([97, 255], [1, 2], "word 1 is no UTF-8"),
]

STATES_OF_CHARACTERS: list[Any] = [
    ([97, 98, 97], "every character must have one id, got 97 twice"),
    ([-1, -1], "every character must have one id, got -1 twice"),
    ([97, -2], "no character has the number -2"),
    ([0x110000], "no character has the number 1114112"),
    ([0xDFFF], "no character has the number 57343"),
    ([[97]], "characters must stand in one row, got (1, 1)"),
    ([97.0], "characters must hold int64, got float64"),
    ([True], "characters must hold int64, got bool"),
]


def refused_state(corpus: str, state: dict[str, Any], text: str) -> Refusal:
    """Record a state that a tokenizer of words or characters does not take."""
    arrays = {name: np.array(values) for name, values in state.items()}
    learns = {"text": corpus}
    return Refusal(ValueError, text, learns, "load_state_dict", arrays, "train")


OF_WORDS = (
    *(Refusal(error, text, {"vocabulary": v}) for v, error, text in NO_NUMBERING),
    *(
        Refusal(
            KeyError,
            repr(text),
            {"vocabulary": {"the": 0, "cat": 1, ",": 2}},
            "encode",
            unknown,
        )
        for unknown, text in UNKNOWN_WORDS
    ),
    *(
        refused_state("hello world", {"spelling": spelling, "ends": ends}, text)
        for spelling, ends, text in STATES_OF_WORDS
    ),
)

OF_CHARACTERS = (
    *(Refusal(error, text, {"vocabulary": v}) for v, error, text in NO_NUMBERING),
    *(Refusal(ValueError, text, {"vocabulary": v}) for v, text in NO_CHARACTERS),
    *(
        Refusal(KeyError, repr(text), {"text": "ab"}, "encode", unknown, "train")
        for unknown, text in UNKNOWN_CHARACTERS
    ),
    *(
        refused_state("hello", {"characters": characters}, text)
        for characters, text in STATES_OF_CHARACTERS
    ),
)
