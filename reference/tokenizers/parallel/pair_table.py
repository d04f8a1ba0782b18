"""Pair table: which adjacent pairs merge, at what rank, and what could come before.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   torch_impl/tokenizers/parallel/pair_table.py
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, Int32, Int64

NEVER = 2**30  # the rank of a pair that no merge joins
EMPTY = -1
DEPTH = 6  # of the parts that are listed by name


class Ranks(NamedTuple):
    """Of adjacent pairs x y: ranks, and how early an extended neighbour takes x or y.

    `left_extension` is the lowest rank of a merge that joins y to a longer token that
    ends in x; `right_extension` of one that joins x to a longer token that begins
    with y. They may be too low, never too high.
    """

    rank: Int32[np.ndarray, " P"]
    left_extension: Int32[np.ndarray, " P"]
    right_extension: Int32[np.ndarray, " P"]


class PairTable:
    """A hash table of every pair that a merge joins or that an extension concerns.

    >>> a, b, ab = 0, 1, 2
    >>> table = PairTable(np.array([[a, b], [b, ab]]), n_base=2)
    >>> ranks = table.find(np.array([a, b]), np.array([b, a]))
    >>> ranks.rank.tolist() == [0, NEVER], ranks.right_extension[1]  # b a: b, ab
    (True, 1)
    """

    def __init__(self, merges: Int64[np.ndarray, "R 2"], n_base: int):
        n_merges = len(merges)
        lefts, rights = merges[:, 0], merges[:, 1]
        ranks = np.arange(n_merges, dtype=np.int32)
        self.n_tokens = n_base + n_merges
        self.word_end = self.n_tokens  # stands for the token behind a word's last one

        # 1. Extensions: what each left part ends in, and each right part begins with.
        ends, left_ranks, deep_left = extensions(lefts, rights, n_base)
        begins, right_ranks, deep_right = extensions(rights, lefts, n_base)
        self.deep_left = np.full(self.n_tokens + 1, NEVER, np.int32)
        self.deep_right = np.full(self.n_tokens + 1, NEVER, np.int32)
        np.minimum.at(self.deep_left, rights[deep_left], ranks[deep_left])
        np.minimum.at(self.deep_right, lefts[deep_right], ranks[deep_right])

        # 2. Hash: give every pair its slot.
        keys = np.concatenate(
            [
                self.key(lefts, rights),
                self.key(ends, rights[left_ranks]),
                self.key(lefts[right_ranks], begins),
            ]
        )
        self.bits = (2 * len(keys)).bit_length()
        self.keys = np.full(2**self.bits + 1, EMPTY)  # the last slot: of none
        slots = self.insert(keys)
        of_merge, of_left, of_right = np.split(
            slots, [n_merges, n_merges + len(ends)]
        )

        # 3. Ranks: the lowest of each pair.
        columns = np.full((3, len(self.keys)), NEVER, np.int32)
        columns[0][of_merge] = ranks
        np.minimum.at(columns[1], of_left, ranks[left_ranks])
        np.minimum.at(columns[2], of_right, ranks[right_ranks])
        self.columns = Ranks(*columns)

    def key(
        self, lefts: Int[np.ndarray, " P"], rights: Int[np.ndarray, " P"]
    ) -> Int64[np.ndarray, " P"]:
        """Write a pair as one number."""
        return lefts.astype(np.int64) * (self.n_tokens + 1) + rights

    def hash(self, keys: Int64[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
        """Give the slot where the search for a pair begins."""
        mixed = keys.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (mixed >> np.uint64(64 - self.bits)).astype(np.intp)

    def insert(self, keys: Int64[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
        """Put every key into the first slot that is free, or already its own."""
        slots = self.hash(keys)
        waiting = np.arange(len(keys))
        while len(waiting) > 0:
            tried = slots[waiting]
            free = self.keys[tried] == EMPTY
            self.keys[tried[free]] = keys[waiting[free]]
            waiting = waiting[self.keys[tried] != keys[waiting]]
            slots[waiting] = (slots[waiting] + 1) % 2**self.bits
        return slots

    def find(
        self, lefts: Int[np.ndarray, " P"], rights: Int[np.ndarray, " P"]
    ) -> Ranks:
        """Look up adjacent pairs; `word_end` on the right makes no pair."""
        # 1. Probe: from the slot of the hash on, to the key or to an empty slot.
        keys = self.key(lefts, rights)
        slots = self.hash(keys)
        met = self.keys[slots]
        waiting = np.flatnonzero((met != keys) & (met != EMPTY))
        slots[met == EMPTY] = -1
        while len(waiting) > 0:
            tried = (slots[waiting] + 1) % 2**self.bits
            met = self.keys[tried]
            slots[waiting] = np.where(met == EMPTY, -1, tried)
            waiting = waiting[(met != keys[waiting]) & (met != EMPTY)]

        # 2. Read the ranks; deep parts count for every pair with the same token.
        rank, left, right = (column[slots] for column in self.columns)
        left = np.minimum(left, self.deep_left[rights])
        right = np.minimum(right, self.deep_right[lefts])
        right[rights == self.word_end] = NEVER
        return Ranks(rank, left, right)


def extensions(
    tokens: Int64[np.ndarray, " R"], inner: Int64[np.ndarray, " R"], n_base: int
) -> tuple[Int64[np.ndarray, " S"], Int64[np.ndarray, " S"], Int64[np.ndarray, " D"]]:
    """List what each token ends in (or begins with): its inner part, that one's, ...

    `tokens[r]` takes part in merge r, and `inner[r]` is the part of the token that
    merge r makes which faces its partner. Given are parts, the merge that each
    concerns, and the merges whose chain of parts goes on below `DEPTH`: a chain may
    be as long as a token, and listing all of it would take more than linear memory.

    >>> parts, merges, deep = extensions(np.array([0, 4]), np.array([1, 3]), n_base=3)
    >>> parts.tolist(), merges.tolist(), deep.tolist()  # 4 ends in 3, which ends in 1
    ([3, 1], [1, 1], [])
    """
    concerned = np.arange(len(tokens))
    parts, merges = [tokens[:0]], [concerned[:0]]
    for _ in range(DEPTH + 1):
        made = tokens >= n_base
        tokens, concerned = inner[tokens[made] - n_base], concerned[made]
        parts.append(tokens)
        merges.append(concerned)
    return np.concatenate(parts[:-1]), np.concatenate(merges[:-1]), concerned
