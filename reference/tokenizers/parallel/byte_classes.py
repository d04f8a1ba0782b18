"""Character classes: letter, number, white space or other, said of every byte.

Source: The Unicode Standard 16.0, general categories L and N and the property
        White_Space, https://www.unicode.org/reports/tr44/, as character_classes.txt
        lists them; RFC 3629, section 3, for the bytes of a code point.
Twin:   torch_impl/tokenizers/parallel/byte_classes.py
"""

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

OTHER, LETTER, NUMBER, WHITE_SPACE, SEPARATED, CONTINUATION, LEAD = range(7)
NAMES = {"letter": LETTER, "number": NUMBER, "white_space": WHITE_SPACE}
RANGES = Path(__file__).parent.with_name("character_classes.txt")


def byte_classes(
    data: bytes, codes: UInt8[np.ndarray, " N"], is_ascii: bool = False
) -> UInt8[np.ndarray, " N"]:
    """Give every byte the class of its character; 0xFF has one of its own.

    `codes` are the same bytes. `is_ascii` says that there are only ASCII and 0xFF.

    >>> data = "né 7!".encode() + bytes([255])
    >>> byte_classes(data, np.frombuffer(data, np.uint8))
    array([1, 1, 1, 3, 2, 0, 4], dtype=uint8)
    """
    # 1. Look up: one byte of ASCII is one character (`translate` is a table look-up).
    classes = np.frombuffer(bytearray(data.translate(class_of_byte())), np.uint8)

    if is_ascii:
        return classes

    # 2. Decode: where several bytes make a character, read its code point.
    leads = np.flatnonzero(classes == LEAD)
    first = codes[leads].astype(np.int64)
    size = 2 + (first >= 0xE0) + (first >= 0xF0)
    code_points = first & (0x7F >> size)
    for nth in (1, 2, 3):
        bits = codes[leads + nth].astype(np.int64) & 0x3F
        code_points = np.where(size > nth, code_points << 6 | bits, code_points)

    # 3. Classes: that of the code point is the class of all of its bytes.
    classes[leads] = class_of_code_point()[code_points]
    for nth in (1, 2, 3):
        longer = leads[size > nth]
        classes[longer + nth] = classes[longer]
    return classes


@cache
def class_of_code_point() -> UInt8[np.ndarray, " P"]:
    """Read the ranges into a table with an entry for every code point."""
    table = np.full(0x110000, OTHER, np.uint8)
    for line in RANGES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            first, last, name = line.split()
            table[int(first, 16) : int(last, 16) + 1] = NAMES[name]
    return table


@cache
def class_of_byte() -> bytes:
    """Class every byte: ASCII by its character, others by their part in UTF-8."""
    ascii_bytes = class_of_code_point()[:0x80].tolist()
    continuation, lead = [CONTINUATION] * 0x40, [LEAD] * 0x3F
    return bytes([*ascii_bytes, *continuation, *lead, SEPARATED])


@cache
def white_space() -> str:
    """Join the characters that are white space."""
    places = np.flatnonzero(class_of_code_point() == WHITE_SPACE)
    return "".join(map(chr, places.tolist()))
