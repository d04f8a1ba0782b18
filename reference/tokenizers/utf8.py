"""UTF-8: a code point becomes one to four bytes, six bits in each but the first.

Source: RFC 3629, https://www.rfc-editor.org/rfc/rfc3629, section 3.
Twin:   torch_impl/tokenizers/utf8.py
"""

import numpy as np
from jaxtyping import Int, UInt8

from reference.tokenizers.character_classes import END

FIRST_BYTE = np.array([0, 0x00, 0xC0, 0xE0, 0xF0])  # by the number of bytes


def utf8(
    points: Int[np.ndarray, " N"],
) -> tuple[UInt8[np.ndarray, " bytes"], Int[np.ndarray, " N"]]:
    """Write code points as bytes, and say where the bytes of each begin.

    The end of a text, `END`, has no bytes.

    >>> utf8(np.array([ord("n"), ord("é"), ord("e")]))
    (array([110, 195, 169, 101], dtype=uint8), array([0, 1, 3]))
    """
    # 1. Take ASCII as it is: it is its own UTF-8.
    if (points < 0x80).all():
        data, starts = points.astype(np.uint8), np.arange(len(points))
        return data, starts

    # 2. Count the bytes of every code point.
    sizes = np.ones(len(points), np.int64)  # (N,)
    for limit in (0x80, 0x800, 0x10000):
        sizes += points >= limit
    sizes[points == END] = 0

    # 3. Say where the bytes of each begin.
    ends = np.cumsum(sizes)
    starts = ends - sizes  # (N,)

    # 4. Fill in the bytes, the last of every code point first.
    data = np.zeros(sizes.sum(), np.uint8)
    for back in range(4):
        has = np.flatnonzero(sizes > back)
        bits = points[has] >> 6 * back
        is_first = sizes[has] == back + 1
        values = np.where(is_first, FIRST_BYTE[sizes[has]] | bits, 0x80 | bits & 0x3F)
        data[ends[has] - 1 - back] = values
    return data, starts
