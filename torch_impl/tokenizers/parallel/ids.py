"""Ids as a tensor of whole numbers, each of them in the vocabulary.

Twin: reference/tokenizers/ids.py
"""

import operator
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Integer, Shaped
from torch import Tensor


def whole_number(number: Any) -> int:
    """Read one id, or any whole number that fits into 64 bits.

    >>> whole_number(1.5)
    Traceback (most recent call last):
    TypeError: ids must be whole numbers, got 1.5

    Raises:
        TypeError: `number` is not a whole number.
        ValueError: `number` needs more than 64 bits.
    """
    try:
        whole = operator.index(number)
    except TypeError:
        whole = None
    if whole is None or isinstance(number, bool):
        raise TypeError(f"ids must be whole numbers, got {number!r}")
    if not -(2**63) <= whole < 2**63:
        raise ValueError(f"ids must fit into 64 bits, got {whole}")
    return whole


def row_of_ids(
    ids: Integer[Tensor, " N"] | Sequence[int], device: torch.device | None = None
) -> Integer[Tensor, " N"]:
    """Read whole numbers as one tensor; what is one already is not copied.

    >>> row_of_ids([4, 2])
    tensor([4, 2])

    Raises:
        TypeError: an id is not a whole number.
        ValueError: the ids are not in one row, or one needs more than 64 bits.
    """
    if not isinstance(ids, Tensor):
        row = [whole_number(number) for number in ids]
        return torch.tensor(row, dtype=torch.int64, device=device)
    if ids.ndim != 1:
        raise ValueError(f"ids must stand in one row, got shape {tuple(ids.shape)}")
    refuse_other_than_whole(ids)
    return ids.to(device)


def refuse_other_than_whole(ids: Shaped[Tensor, "..."]) -> None:
    """Refuse a tensor that holds anything but whole numbers.

    >>> refuse_other_than_whole(torch.zeros(2))
    Traceback (most recent call last):
    TypeError: ids must be whole numbers, got float32

    Raises:
        TypeError: it holds other than whole numbers.
    """
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        name = str(ids.dtype).removeprefix("torch.")
        raise TypeError(f"ids must be whole numbers, got {name}")


def refuse_ids(ids: Integer[Tensor, "..."], vocab_size: int) -> None:
    """Refuse ids that are not in the vocabulary; a negative one is in none.

    >>> refuse_ids(torch.tensor([0, -1]), vocab_size=3)
    Traceback (most recent call last):
    ValueError: ids must lie in 0..2, got -1

    Raises:
        TypeError: an id is not a whole number.
        ValueError: an id is not in the vocabulary.
    """
    refuse_other_than_whole(ids)
    outside = (ids < 0) | (ids >= vocab_size)
    if outside.any():
        rule = (
            f"ids must lie in 0..{vocab_size - 1}" if vocab_size else "there are no ids"
        )
        raise ValueError(f"{rule}, got {ids[outside][0]}")


def token_ids(
    ids: Integer[Tensor, " N"] | Sequence[int],
    vocab_size: int,
    device: torch.device | None = None,
) -> Integer[Tensor, " N"]:
    """Read ids as one tensor, each of them in the vocabulary.

    >>> token_ids([0, 2], vocab_size=3)
    tensor([0, 2])

    Raises:
        TypeError: an id is not a whole number.
        ValueError: the ids are not in one row, or one is not in the vocabulary.
    """
    row = row_of_ids(ids, device)
    refuse_ids(row, vocab_size)
    return row.to(torch.int64)
