"""Words as numbers: eight bytes at a time, and one hash for the whole of each.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4 (hashing);
        the mixing constants are those of SplitMix64, Steele, Lea and Flood 2014,
        https://doi.org/10.1145/2660193.2660195, figure 16.
Twin:   torch_impl/tokenizers/spelling.py
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64, UInt8

from reference.tokenizers.spans import span_places

STEP = 0x9E3779B97F4A7C15 - 2**64
MIX = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)
KEEP = np.array([2 ** (8 * n) - 1 for n in range(8)] + [-1])  # the first n bytes
HASH_BITS = 63
BEYOND = 2**62  # larger than every hash


class Spelling(NamedTuple):
    """Words as numbers: eight bytes a block, zeros after the last byte."""

    lengths: Int64[np.ndarray, " W"]  # in bytes
    first: Int64[np.ndarray, " W"]  # place of the first block
    blocks: Int64[np.ndarray, " K"]
    hashes: Int64[np.ndarray, " W"]


def spell(
    data: UInt8[np.ndarray, " bytes"],
    starts: Int64[np.ndarray, " W"],
    lengths: Int64[np.ndarray, " W"],
) -> Spelling:
    """Spell the words that stand in `data`: word w is `lengths[w]` bytes long.

    >>> spell(np.array([1, 2, 0], np.uint8), np.array([0, 1]), np.array([2, 2])).blocks
    array([513,   2])
    """
    # 1. At every place, read the next eight bytes as one number.
    eights = np.append(data, np.zeros(8, np.uint8)).astype(np.int64)
    for shift in (1, 2, 4):
        eights[:-shift] |= eights[shift:] << 8 * shift

    # 2. Take every eighth of them within each word.
    n_blocks = np.maximum(lengths + 7 >> 3, 1)
    first = np.cumsum(n_blocks) - n_blocks
    order = span_places(np.zeros_like(first), n_blocks)
    blocks = eights[np.repeat(starts, n_blocks) + 8 * order]

    # 3. Clear what is behind the end of the word.
    last = first + n_blocks - 1
    blocks[last] &= KEEP[lengths - 8 * (n_blocks - 1)]

    # 4. Hash each word; equal words have equal hashes, not the other way round.
    hashes = hash_words(blocks, order, first, lengths)
    return Spelling(lengths, first, blocks, hashes)


def hash_words(
    blocks: Int64[np.ndarray, " K"],
    order: Int64[np.ndarray, " K"],
    first: Int64[np.ndarray, " W"],
    lengths: Int64[np.ndarray, " W"],
) -> Int64[np.ndarray, " W"]:
    """Hash words to 63 bits; block k is the `order[k]`-th of its word."""
    # 1. Mix every block with its place in the word; products wrap around.
    mixed = (blocks + STEP * (order + 1)) * MIX[0]
    mixed = (mixed ^ mixed >> 29) * MIX[1]

    # 2. Add up the blocks of each word, as differences of running sums.
    sums = np.append(0, np.cumsum(mixed))
    behind = np.append(first, len(blocks))[1:]
    totals = sums[behind] - sums[first]

    # 3. Mix again, with the length.
    hashes = (totals + STEP * lengths) * MIX[0]
    hashes = (hashes ^ hashes >> 32) * MIX[1] >> 64 - HASH_BITS
    return hashes


def same_words(
    left: Spelling,
    i: Int64[np.ndarray, " P"],
    right: Spelling,
    j: Int64[np.ndarray, " P"],
) -> Bool[np.ndarray, " P"]:
    """Say for every pair whether word `i` of the left is word `j` of the right."""
    # 1. Compare lengths and the first eight bytes.
    same = left.lengths[i] == right.lengths[j]
    same &= left.blocks[left.first[i]] == right.blocks[right.first[j]]

    # 2. Compare the other blocks of longer words.
    long = np.flatnonzero(same & (left.lengths[i] > 8))
    n_more = left.lengths[i[long]] - 1 >> 3
    these = left.blocks[span_places(left.first[i[long]] + 1, n_more)]
    those = right.blocks[span_places(right.first[j[long]] + 1, n_more)]
    same[np.repeat(long, n_more)[these != those]] = False
    return same
