"""A text as an array of code points, and ids as an array of integers.

Source: The Unicode Standard, section 3.4: a code point is a number in
        0..0x10FFFF; a text may hold all but the surrogates 0xD800..0xDFFF.
Twin:   torch_impl/tokenizers/text.py
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int


def refuse_text(text: str) -> None:
    """Refuse what is not a text that can be written as UTF-8.

    >>> refuse_text("a" + chr(0xD800))
    Traceback (most recent call last):
    ValueError: a text holds no lone surrogate, got U+D800 at position 1

    Raises:
        TypeError: `text` is not a string.
        ValueError: `text` holds a lone surrogate.
    """
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string, got {type(text).__name__}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            "a text holds no lone surrogate, got "
            f"U+{ord(text[error.start]):04X} at position {error.start}"
        ) from None


def code_points(text: str) -> Int[np.ndarray, " N"]:
    """Read a text as its code points.

    >>> code_points("né")
    array([110, 233])

    Raises:
        TypeError: `text` is not a string.
        ValueError: `text` holds a lone surrogate.
    """
    refuse_text(text)
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)


def text_of(points: Int[np.ndarray, " N"]) -> str:
    """Write code points as a text.

    >>> text_of(np.array([110, 233]))
    'né'
    """
    return points.astype("<u4").tobytes().decode("utf-32-le")


def token_ids(
    ids: Int[np.ndarray, " N"] | Sequence[int], vocab_size: int
) -> Int[np.ndarray, " N"]:
    """Read ids as an array, each of them in the vocabulary.

    >>> token_ids([0, 2], vocab_size=3)
    array([0, 2])
    >>> token_ids([0, -1], vocab_size=3)
    Traceback (most recent call last):
    ValueError: ids must lie in 0..2, got -1

    Raises:
        TypeError: an id is not a whole number.
        ValueError: the ids are not in one row, or one is not in the vocabulary.
    """
    array = np.asarray(ids)
    if array.ndim != 1:
        raise ValueError(f"ids must stand in one row, got shape {array.shape}")
    if array.size == 0:
        return np.zeros(0, np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"ids must be whole numbers, got {array[0].item()!r}")
    outside = (array < 0) | (array >= vocab_size)
    if outside.any():
        raise ValueError(
            f"ids must lie in 0..{vocab_size - 1}, got {array[outside][0]}"
        )
    return array.astype(np.int64)
