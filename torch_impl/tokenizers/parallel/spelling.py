"""Words as numbers: eight bytes at a time, and one hash for the whole of each.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4 (hashing);
        the mixing constants are those of SplitMix64, Steele, Lea and Flood 2014,
        https://doi.org/10.1145/2660193.2660195, figure 16.
Twin:   reference/tokenizers/spelling.py
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int64, UInt8
from torch import Tensor

from torch_impl.tokenizers.spans import span_places

STEP = 0x9E3779B97F4A7C15 - 2**64
MIX = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)
KEEP = [2 ** (8 * n) - 1 for n in range(8)] + [-1]  # the first n bytes
HASH_BITS = 63
BEYOND = 2**62  # larger than every hash


class Spelling(NamedTuple):
    """Words as numbers: eight bytes a block, zeros after the last byte."""

    lengths: Int64[Tensor, " W"]  # in bytes
    first: Int64[Tensor, " W"]  # place of the first block
    blocks: Int64[Tensor, " K"]
    hashes: Int64[Tensor, " W"]


def spell(
    data: UInt8[Tensor, " bytes"],
    starts: Int64[Tensor, " W"],
    lengths: Int64[Tensor, " W"],
) -> Spelling:
    """Spell the words that stand in `data`: word w is `lengths[w]` bytes long.

    >>> data = torch.tensor([1, 2, 0], dtype=torch.uint8)
    >>> spell(data, torch.tensor([0, 1]), torch.tensor([2, 2])).blocks
    tensor([513,   2])
    """
    # 1. At every place, read the next eight bytes as one number.
    eights = F.pad(data, (0, 8)).to(torch.int64)
    for shift in (1, 2, 4):
        eights[:-shift] |= eights[shift:] << 8 * shift

    # 2. Take every eighth of them within each word.
    n_blocks = (lengths + 7 >> 3).clamp(min=1)
    first = n_blocks.cumsum(0) - n_blocks
    order = span_places(torch.zeros_like(first), n_blocks)
    blocks = eights[starts.repeat_interleave(n_blocks) + 8 * order]

    # 3. Clear what is behind the end of the word.
    last = first + n_blocks - 1
    blocks[last] &= lengths.new_tensor(KEEP)[lengths - 8 * (n_blocks - 1)]

    # 4. Hash each word; equal words have equal hashes, not the other way round.
    hashes = hash_words(blocks, order, first, lengths)
    return Spelling(lengths, first, blocks, hashes)


def hash_words(
    blocks: Int64[Tensor, " K"],
    order: Int64[Tensor, " K"],
    first: Int64[Tensor, " W"],
    lengths: Int64[Tensor, " W"],
) -> Int64[Tensor, " W"]:
    """Hash words to 63 bits; block k is the `order[k]`-th of its word."""
    # 1. Mix every block with its place in the word; products wrap around.
    mixed = (blocks + STEP * (order + 1)) * MIX[0]
    mixed = (mixed ^ mixed >> 29) * MIX[1]

    # 2. Add up the blocks of each word, as differences of running sums.
    sums = F.pad(mixed.cumsum(0), (1, 0))
    behind = F.pad(first, (0, 1), value=len(blocks))[1:]
    totals = sums[behind] - sums[first]

    # 3. Mix again, with the length.
    hashes = (totals + STEP * lengths) * MIX[0]
    hashes = (hashes ^ hashes >> 32) * MIX[1] >> 64 - HASH_BITS
    return hashes


def same_words(
    left: Spelling,
    i: Int64[Tensor, " P"],
    right: Spelling,
    j: Int64[Tensor, " P"],
) -> Bool[Tensor, " P"]:
    """Say for every pair whether word `i` of the left is word `j` of the right."""
    # 1. Compare lengths and the first eight bytes.
    same = left.lengths[i] == right.lengths[j]
    same &= left.blocks[left.first[i]] == right.blocks[right.first[j]]

    # 2. Compare the other blocks of longer words.
    long = (same & (left.lengths[i] > 8)).nonzero().flatten()
    n_more = left.lengths[i[long]] - 1 >> 3
    these = left.blocks[span_places(left.first[i[long]] + 1, n_more)]
    those = right.blocks[span_places(right.first[j[long]] + 1, n_more)]
    same[long.repeat_interleave(n_more)[these != those]] = False
    return same
