"""A text as a tensor of code points.

Source: The Unicode Standard, section 3.4: a code point is a number in
        0..0x10FFFF; a text may hold all but the surrogates 0xD800..0xDFFF.
Twin:   reference/tokenizers/text.py
"""

import torch
from jaxtyping import Int
from torch import Tensor

N_CODE_POINTS = 0x110000


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


def code_points(text: str, device: torch.device | None = None) -> Int[Tensor, " N"]:
    """Read a text as its code points.

    >>> code_points("né")
    tensor([110, 233])

    Raises:
        TypeError: `text` is not a string.
        ValueError: `text` holds a lone surrogate.
    """
    refuse_text(text)
    if not text:  # torch.frombuffer takes no empty buffer
        return torch.zeros(0, dtype=torch.int64, device=device)
    encoded = bytearray(text.encode("utf-32-le"))
    points = torch.frombuffer(encoded, dtype=torch.int32)
    return points.to(device=device, dtype=torch.int64)


def text_of(points: Int[Tensor, " N"]) -> str:
    """Write code points as a text.

    >>> text_of(torch.tensor([110, 233]))
    'né'
    """
    return "".join(map(chr, points.tolist()))


def refuse_characters(characters: Int[Tensor, "..."], besides: int) -> None:
    """Refuse numbers that are not different characters, or `besides`.

    >>> refuse_characters(torch.tensor([97, -1, 97]), besides=-1)
    Traceback (most recent call last):
    ValueError: every character must have one id, got 97 twice

    Raises:
        ValueError: they are not in a row, or one is no character, or stands twice.
    """
    if characters.ndim != 1:
        raise ValueError(
            f"characters must stand in one row, got {tuple(characters.shape)}"
        )
    surrogate = (characters >= 0xD800) & (characters <= 0xDFFF)
    outside = (characters < 0) | (characters >= N_CODE_POINTS) | surrogate
    outside &= characters != besides
    if outside.any():
        raise ValueError(f"no character has the number {characters[outside][0]}")
    in_order = characters.sort().values
    repeated = in_order[1:][in_order[1:] == in_order[:-1]]
    if len(repeated) > 0:
        raise ValueError(f"every character must have one id, got {repeated[0]} twice")
