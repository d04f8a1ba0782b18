"""Packed words: up to 16 bytes as two numbers, so that comparing words is cheap.

Behind the last byte of a word stands 0xFF, which no word has, for UTF-8 never does.
So words of up to 16 bytes are equal exactly if their two numbers are.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, for the hash.
Twin:   torch_impl/tokenizers/parallel/packed_words.py
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Int64, UInt8

LONGEST = 16  # bytes
BEHIND = np.array([-1 << 8 * n for n in range(8)] + [0])  # the bytes behind the first n
FILL_LOW, FILL_HIGH = BEHIND[[*range(9), *8 * [8]]], BEHIND[[*8 * [0], *range(9)]]
FACTORS = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd, and their bits look random


class PackedWords(NamedTuple):
    """Words of up to 16 bytes: the first eight of each, and the other eight."""

    low: Int64[np.ndarray, " W"]
    high: Int64[np.ndarray, " W"]

    def at(self, positions: Int[np.ndarray, " P"]) -> "PackedWords":
        """Return the words at some positions."""
        return PackedWords(self.low.take(positions), self.high.take(positions))


def pack_words(
    codes: UInt8[np.ndarray, " N"],
    starts: Int[np.ndarray, " W"],
    lengths: Int[np.ndarray, " W"],
) -> PackedWords:
    """Pack the words that stand in `codes`; of a longer one the first 16 bytes.

    At least 16 bytes must follow every start.

    >>> codes = np.frombuffer(b"abcd" + bytes(20), np.uint8)
    >>> words = pack_words(codes, np.array([0, 2]), np.array([1, 9]))
    >>> [hex(number % 2**64) for number in words.low.tolist()]
    ['0xffffffffffffff61', '0x6463']
    """
    # 1. Read: eight bytes from every start, and the eight behind them.
    eights = every_eight_bytes(codes)
    low, high = eights.take(starts), eights.take(starts + 8)

    # 2. Fill: 0xFF behind the end of the word.
    within = np.minimum(lengths, LONGEST)
    low, high = low | FILL_LOW.take(within), high | FILL_HIGH.take(within)
    return PackedWords(low, high)


def every_eight_bytes(codes: UInt8[np.ndarray, " N"]) -> Int64[np.ndarray, " M"]:
    """Read eight bytes at every position as one number.

    They overlap: a view with strides of one byte says so, and its copy is fast.

    >>> every_eight_bytes(np.array([1, 0, 0, 0, 0, 0, 0, 0, 2], np.uint8)).tolist()
    [1, 144115188075855872]
    """
    view = np.ndarray(len(codes) - 7, "<i8", codes.data, strides=(1,))
    return view.astype(np.int64)


def join_words(parts: Iterable[PackedWords]) -> PackedWords:
    """Put the words of several arrays one behind another."""
    low, high = zip(*parts, strict=True)
    return PackedWords(np.concatenate(low), np.concatenate(high))


def unpack_words(words: PackedWords) -> UInt8[np.ndarray, "W 16"]:
    """Give the bytes of every word, filled up with 0xFF.

    >>> minus_one = np.array([-1])
    >>> unpack_words(PackedWords(minus_one << 8 | ord("a"), minus_one))[0, :2].tolist()
    [97, 255]
    """
    return np.stack(words, axis=1).astype("<i8").view(np.uint8)


def hash_words(words: PackedWords, bits: int, salt: int = 0) -> Int64[np.ndarray, " W"]:
    """Hash words to a number of so many bits; another salt gives another hash.

    It is the top of a sum of products, which wraps around at 64 bits.
    """
    first, second = (signed(factor * (2 * salt + 1)) for factor in FACTORS)
    mixed: Int64[np.ndarray, " W"] = words.low * first + words.high * second
    return mixed >> 64 - bits & 2**bits - 1


def signed(number: int) -> int:
    """Read the low 64 bits of a number as a signed one.

    >>> signed(2**64 - 1)
    -1
    """
    return (number + 2**63) % 2**64 - 2**63
