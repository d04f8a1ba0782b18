"""Packed words: up to 16 bytes as two numbers, so that comparing words is cheap.

Behind the last byte of a word stands 0xFF, which no word has, for UTF-8 never does.
So words of up to 16 bytes are equal exactly if their two numbers are.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, for the hash.
Twin:   torch_impl/tokenizers/parallel/packed_words.py
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8, UInt64

LONGEST = 16  # bytes
BEHIND = np.array([(-1 << 8 * n) % 2**64 for n in range(9)], np.uint64)  # the first n
FILL_LOW, FILL_HIGH = BEHIND[[*range(9), *8 * [8]]], BEHIND[[*8 * [0], *range(9)]]
FACTORS = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd, and their bits look random


class PackedWords(NamedTuple):
    """Words of up to 16 bytes: the first eight of each, and the other eight."""

    low: UInt64[np.ndarray, " W"]
    high: UInt64[np.ndarray, " W"]

    def at(self, positions: Int[np.ndarray, " P"]) -> "PackedWords":
        """Return the words at some positions."""
        return PackedWords(self.low.take(positions), self.high.take(positions))


def pack_words(
    data: bytes, starts: Int[np.ndarray, " W"], lengths: Int[np.ndarray, " W"]
) -> PackedWords:
    """Pack the words that stand in `data`; of a longer one the first 16 bytes.

    At least 16 bytes must follow every start.

    >>> words = pack_words(b"abcd" + bytes(20), np.array([0, 2]), np.array([1, 9]))
    >>> [hex(number) for number in words.low.tolist()]
    ['0xffffffffffffff61', '0x6463']
    """
    # 1. Read eight bytes at every position as one number. They overlap: a view with
    #    strides of one byte says so, and its copy can be indexed fast.
    eights = np.ndarray(len(data) - 7, "<u8", data, strides=(1,)).astype(np.uint64)

    # 2. Take those at the starts, and fill with 0xFF behind the end of the word.
    lengths = np.minimum(lengths, LONGEST)
    low = eights.take(starts) | FILL_LOW.take(lengths)
    high = eights.take(starts + 8) | FILL_HIGH.take(lengths)
    return PackedWords(low, high)


def join_words(parts: Iterable[PackedWords]) -> PackedWords:
    """Put the words of several arrays one behind another."""
    low, high = zip(*parts, strict=True)
    return PackedWords(np.concatenate(low), np.concatenate(high))


def unpack_words(words: PackedWords) -> UInt8[np.ndarray, "W 16"]:
    """Give the bytes of every word, filled up with 0xFF.

    >>> unpack_words(pack_words(b"ab" + bytes(20), np.array([0]), np.array([2])))
    array([[ 97,  98, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
            255, 255, 255]], dtype=uint8)
    """
    return np.stack(words, axis=1).astype("<u8").view(np.uint8)


def hash_words(words: PackedWords, bits: int, salt: int = 0) -> Int[np.ndarray, " W"]:
    """Hash words to a number of so many bits; another salt gives another hash.

    It is the top of a sum of products, which wraps around at 64 bits.
    """
    first, second = (np.uint64(f * (2 * salt + 1) % 2**64) for f in FACTORS)
    mixed: UInt64[np.ndarray, " W"] = words.low * first + words.high * second
    return (mixed >> np.uint64(64 - bits)).view(np.intp)
