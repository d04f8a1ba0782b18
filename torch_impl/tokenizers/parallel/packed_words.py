"""Packed words: up to 16 bytes as two numbers, so that comparing words is cheap.

Behind the last byte of a word stands 0xFF, which no word has, for UTF-8 never does.
So words of up to 16 bytes are equal exactly if their two numbers are.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, for the hash.
Twin:   reference/tokenizers/parallel/packed_words.py
"""

import torch
from jaxtyping import Bool, Int, Int64, UInt8
from torch import Tensor

LONGEST = 16  # bytes
BEHIND = [-1 << 8 * n for n in range(8)] + [0]  # the bytes behind the first n
FILL = torch.tensor([[BEHIND[min(n, 8)], BEHIND[max(n - 8, 0)]] for n in range(17)])
FACTORS = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03  # odd, and their bits look random


def pack_words(
    codes: UInt8[Tensor, " N"], starts: Int[Tensor, " W"], lengths: Int[Tensor, " W"]
) -> Int64[Tensor, "W 2"]:
    """Pack the words that stand in `codes`; of a longer one the first 16 bytes.

    At least 16 bytes must follow every start.

    >>> codes = torch.tensor([*b"abcd"] + 20 * [0], dtype=torch.uint8)
    >>> words = pack_words(codes, torch.tensor([0, 2]), torch.tensor([1, 9]))
    >>> [hex(number % 2**64) for number in words[:, 0].tolist()]
    ['0xffffffffffffff61', '0x6463']
    """
    # 1. Read 16 bytes from every start, as two numbers.
    words = codes.unfold(0, LONGEST, 1).index_select(0, starts).view(torch.int64)

    # 2. Fill with 0xFF behind the end of the word.
    fill = FILL.to(codes.device).index_select(0, lengths.clamp(max=LONGEST))
    return words | fill


def unpack_words(words: Int64[Tensor, "W 2"]) -> UInt8[Tensor, "W 16"]:
    """Give the bytes of every word, filled up with 0xFF.

    >>> unpack_words(torch.tensor([[-1 << 8 | ord("a"), -1]]))[0, :2].tolist()
    [97, 255]
    """
    return words.contiguous().view(torch.uint8)


def hash_words(
    words: Int64[Tensor, "W 2"], bits: int, salt: int = 0
) -> Int64[Tensor, " W"]:
    """Hash words to a number of so many bits; another salt gives another hash.

    It is the top of a sum of products, which wraps around at 64 bits.
    """
    first, second = (signed(factor * (2 * salt + 1)) for factor in FACTORS)
    mixed = words[:, 0] * first + words[:, 1] * second
    return mixed >> 64 - bits & 2**bits - 1


def signed(number: int) -> int:
    """Read the low 64 bits of a number as a signed one.

    >>> signed(2**64 - 1)
    -1
    """
    return (number + 2**63) % 2**64 - 2**63


def same_words(
    words: Int64[Tensor, "W 2"], others: Int64[Tensor, "W 2"]
) -> Bool[Tensor, " W"]:
    """Compare words, row by row."""
    differences = words ^ others
    return (differences[:, 0] | differences[:, 1]) == 0
