"""Character classes: letter, number, white space or other, said of every byte.

Source: The Unicode Standard 16.0, general categories L and N and the property
        White_Space, https://www.unicode.org/reports/tr44/, as character_classes.txt
        lists them; RFC 3629, section 3, for the bytes of a code point.
Twin:   reference/tokenizers/parallel/byte_classes.py
"""

from functools import cache
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

OTHER, LETTER, NUMBER, WHITE_SPACE, SEPARATED, CONTINUATION, LEAD = range(7)
NAMES = {"letter": LETTER, "number": NUMBER, "white_space": WHITE_SPACE}
RANGES = Path(__file__).parent.with_name("character_classes.txt")


def byte_classes(
    data: bytes, codes: UInt8[Tensor, " N"], is_ascii: bool = False
) -> UInt8[Tensor, " N"]:
    """Give every byte the class of its character; 0xFF has one of its own.

    `codes` are the same bytes, on the device where the classes will be. `is_ascii`
    says that there are no bytes but ASCII and 0xFF.

    >>> data = "né 7!".encode() + bytes([255])
    >>> byte_classes(data, torch.tensor([*data], dtype=torch.uint8))
    tensor([1, 1, 1, 3, 2, 0, 4], dtype=torch.uint8)
    """
    # 1. Look up: one byte of ASCII is one character (`translate` is a table look-up).
    classes = bytes_tensor(data.translate(class_of_byte())).to(codes.device)

    if is_ascii:
        return classes

    # 2. Decode: where several bytes make a character, read its code point.
    leads = (classes == LEAD).nonzero().flatten()
    first = codes[leads].long()
    size = 2 + (first >= 0xE0).long() + (first >= 0xF0).long()
    code_points = first & (0x7F >> size)
    for nth in (1, 2, 3):
        bits = codes[leads + nth].long() & 0x3F
        code_points = torch.where(size > nth, code_points << 6 | bits, code_points)

    # 3. Classes: that of the code point is the class of all of its bytes.
    classes[leads] = class_of_code_point().to(codes.device)[code_points]
    for nth in (1, 2, 3):
        longer = leads[size > nth]
        classes[longer + nth] = classes[longer]
    return classes


def bytes_tensor(data: bytes) -> UInt8[Tensor, " N"]:
    """Return bytes as a tensor on the CPU."""
    if not data:  # frombuffer takes no empty buffer
        return torch.empty(0, dtype=torch.uint8, device="cpu")
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


@cache
def class_of_code_point() -> UInt8[Tensor, " P"]:
    """Read the ranges into a table with an entry for every code point."""
    table = torch.full((0x110000,), OTHER, dtype=torch.uint8, device="cpu")
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
    places = (class_of_code_point() == WHITE_SPACE).nonzero().flatten()
    return "".join(map(chr, places.tolist()))
