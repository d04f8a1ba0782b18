"""UTF-8: a code point becomes one to four bytes, six bits in each but the first.

Source: RFC 3629, https://www.rfc-editor.org/rfc/rfc3629, section 3.
Twin:   reference/tokenizers/utf8.py
"""

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from torch_impl.tokenizers.character_classes import END

FIRST_BYTE = [0, 0x00, 0xC0, 0xE0, 0xF0]  # by the number of bytes


def utf8(
    points: Int[Tensor, " N"],
) -> tuple[UInt8[Tensor, " bytes"], Int[Tensor, " N"]]:
    """Write code points as bytes, and say where the bytes of each begin.

    The end of a text, `END`, has no bytes.

    >>> utf8(torch.tensor([ord("n"), ord("é"), ord("e")]))
    (tensor([110, 195, 169, 101], dtype=torch.uint8), tensor([0, 1, 3]))
    """
    # 1. Take ASCII as it is: it is its own UTF-8.
    if (points < 0x80).all():
        data = points.to(torch.uint8)
        starts = torch.arange(len(points), device=points.device)
        return data, starts

    # 2. Count the bytes of every code point.
    sizes = torch.ones_like(points)  # (N,)
    for limit in (0x80, 0x800, 0x10000):
        sizes += points >= limit
    sizes[points == END] = 0

    # 3. Say where the bytes of each begin.
    ends = sizes.cumsum(0)
    starts = ends - sizes  # (N,)

    # 4. Fill in the bytes, the last of every code point first.
    data = points.new_zeros(int(sizes.sum()), dtype=torch.uint8)
    first_byte = points.new_tensor(FIRST_BYTE)
    for back in range(4):
        has = (sizes > back).nonzero().flatten()
        bits = points[has] >> 6 * back
        is_first = sizes[has] == back + 1
        values = torch.where(
            is_first, first_byte[sizes[has]] | bits, 0x80 | bits & 0x3F
        )
        data[ends[has] - 1 - back] = values.to(torch.uint8)
    return data, starts
