"""Every character is a letter, a number, white space, or something else.

Source: The Unicode Standard 16.0, general categories L and N and the property
        White_Space, https://www.unicode.org/reports/tr44/; the ranges stand in
        character_classes.txt beside this file, so no engine's version matters.
Twin:   reference/tokenizers/character_classes.py
"""

from functools import cache
from pathlib import Path

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

OTHER, LETTER, NUMBER, WHITE_SPACE, TEXT_END = range(5)
CLASSES = {"letter": LETTER, "number": NUMBER, "white_space": WHITE_SPACE}
END = 0x110000  # stands in a row of code points where one text ends, another begins


def character_classes(points: Int[Tensor, " N"]) -> UInt8[Tensor, " N"]:
    """Say the class of every code point; `END` has a class of its own.

    >>> character_classes(torch.tensor([ord("x"), ord("7"), ord(" "), ord("!"), END]))
    tensor([1, 2, 3, 0, 4], dtype=torch.uint8)
    """
    # 1. Look every code point up in the table.
    classes = class_table(points.device)[points]  # (N,)
    return classes


@cache
def class_table(device: torch.device) -> UInt8[Tensor, " P"]:
    """Read the ranges into one table with an entry for every code point, then `END`."""
    table = torch.full((END + 1,), OTHER, dtype=torch.uint8, device="cpu")
    ranges = Path(__file__).with_name("character_classes.txt")
    for line in ranges.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            first, last, name = line.split()
            table[int(first, 16) : int(last, 16) + 1] = CLASSES[name]
    table[END] = TEXT_END
    return table.to(device)
