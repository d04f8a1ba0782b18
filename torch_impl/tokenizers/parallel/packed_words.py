"""Packed words: up to 16 bytes as two numbers, so that comparing words is cheap.

Behind the last byte of a word stands 0xFF, which no word has, for UTF-8 never does.
So words of up to 16 bytes are equal exactly if their two numbers are.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, for the hash.
Twin:   reference/tokenizers/parallel/packed_words.py
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from jaxtyping import Int, Int64, UInt8
from torch import Tensor

LONGEST = 16  # bytes
BEHIND = torch.tensor([-1 << 8 * n for n in range(8)] + [0])  # behind the first n bytes
FILL_LOW, FILL_HIGH = BEHIND[[*range(9), *8 * [8]]], BEHIND[[*8 * [0], *range(9)]]
FACTORS = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd, and their bits look random


class PackedWords(NamedTuple):
    """Words of up to 16 bytes: the first eight of each, and the other eight."""

    low: Int64[Tensor, " W"]
    high: Int64[Tensor, " W"]

    def at(self, positions: Int[Tensor, " P"]) -> "PackedWords":
        """Return the words at some positions."""
        low, high = (part.index_select(0, positions) for part in self)
        return PackedWords(low, high)


def pack_words(
    codes: UInt8[Tensor, " N"], starts: Int[Tensor, " W"], lengths: Int[Tensor, " W"]
) -> PackedWords:
    """Pack the words that stand in `codes`; of a longer one the first 16 bytes.

    At least 16 bytes must follow every start.

    >>> codes = torch.tensor([*b"abcd"] + 20 * [0], dtype=torch.uint8)
    >>> words = pack_words(codes, torch.tensor([0, 2]), torch.tensor([1, 9]))
    >>> [hex(number % 2**64) for number in words.low.tolist()]
    ['0xffffffffffffff61', '0x6463']
    """
    # 1. Read: eight bytes from every start, and the eight behind them.
    windows = codes.unfold(0, 8, 1)  # a view, whose rows overlap
    low = windows.index_select(0, starts).view(torch.int64).flatten()
    high = windows.index_select(0, starts + 8).view(torch.int64).flatten()

    # 2. Fill: 0xFF behind the end of the word.
    within = lengths.clamp(max=LONGEST)
    low = low | FILL_LOW.to(codes.device).index_select(0, within)
    high = high | FILL_HIGH.to(codes.device).index_select(0, within)
    return PackedWords(low, high)


def join_words(parts: Iterable[PackedWords]) -> PackedWords:
    """Put the words of several tensors one behind another."""
    low, high = zip(*parts, strict=True)
    return PackedWords(torch.cat(low), torch.cat(high))


def unpack_words(words: PackedWords) -> UInt8[Tensor, "W 16"]:
    """Give the bytes of every word, filled up with 0xFF.

    >>> minus_one = torch.tensor([-1])
    >>> unpack_words(PackedWords(minus_one << 8 | ord("a"), minus_one))[0, :2].tolist()
    [97, 255]
    """
    return torch.stack(words, 1).view(torch.uint8)


def hash_words(words: PackedWords, bits: int, salt: int = 0) -> Int64[Tensor, " W"]:
    """Hash words to a number of so many bits; another salt gives another hash.

    It is the top of a sum of products, which wraps around at 64 bits.
    """
    first, second = (signed(factor * (2 * salt + 1)) for factor in FACTORS)
    mixed = words.low * first + words.high * second
    return mixed >> 64 - bits & 2**bits - 1


def signed(number: int) -> int:
    """Read the low 64 bits of a number as a signed one.

    >>> signed(2**64 - 1)
    -1
    """
    return (number + 2**63) % 2**64 - 2**63
