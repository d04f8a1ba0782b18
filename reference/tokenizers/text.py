"""A text as an array of code points.

Source: The Unicode Standard, section 3.4: a code point is a number in
        0..0x10FFFF; a text may hold all but the surrogates 0xD800..0xDFFF.
Twin:   torch_impl/tokenizers/text.py
"""

import numpy as np
from jaxtyping import Int

from reference.tokenizers.ids import token_ids as token_ids


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
