"""A text as a tensor of code points, and ids as a tensor of integers.

Source: The Unicode Standard, section 3.4: a code point is a number in
        0..0x10FFFF; a text may hold all but the surrogates 0xD800..0xDFFF.
Twin:   reference/tokenizers/text.py
"""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor


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


def token_ids(
    ids: Int[Tensor, " N"] | Sequence[int],
    vocab_size: int,
    device: torch.device | None = None,
) -> Int[Tensor, " N"]:
    """Read ids as a tensor, each of them in the vocabulary.

    >>> token_ids([0, 2], vocab_size=3)
    tensor([0, 2])
    >>> token_ids([0, -1], vocab_size=3)
    Traceback (most recent call last):
    ValueError: ids must lie in 0..2, got -1

    Raises:
        TypeError: an id is not a whole number.
        ValueError: the ids are not in one row, or one is not in the vocabulary.
    """
    tensor = torch.as_tensor(ids, device=device)
    if tensor.ndim != 1:
        raise ValueError(f"ids must stand in one row, got shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return torch.zeros(0, dtype=torch.int64, device=device)
    if tensor.dtype.is_floating_point or tensor.dtype in (torch.bool, torch.complex64):
        raise TypeError(f"ids must be whole numbers, got {tensor[0].item()!r}")
    outside = (tensor < 0) | (tensor >= vocab_size)
    if outside.any():
        raise ValueError(
            f"ids must lie in 0..{vocab_size - 1}, got {tensor[outside][0]}"
        )
    return tensor.to(torch.int64)
