"""Pair table: which adjacent pairs merge, at what rank, and what could come before.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   torch_impl/tokenizers/parallel/pair_table.py
"""

import numpy as np
from jaxtyping import Int, Int32, Int64

NEVER = 2**30  # the rank of a pair that no merge joins
EMPTY = -1
DEPTH = 2  # how many parts within parts are listed by name


class PairTable:
    """A hash table of the pairs that merge, or whose tokens can be taken away.

    A pair x y has three ranks: of the merge that joins it; the lowest of a merge that
    joins y to a longer token that ends in x, its left extension; the lowest of one
    that joins x to a longer token that begins with y, its right extension. The
    extensions may be too low, never too high. `NEVER` says that there is none.

    >>> a, b, ab = 0, 1, 2
    >>> table = PairTable(np.array([[a, b], [b, ab]]), n_base=2)
    >>> ranks = table.find(np.array([a, b]), np.array([b, a]))
    >>> ranks[0].tolist() == [0, NEVER], int(ranks[2, 1])  # b a: of b, ab
    (True, 1)
    """

    def __init__(self, merges: Int64[np.ndarray, "R 2"], n_base: int):
        lefts, rights = merges[:, 0], merges[:, 1]
        ranks = np.arange(len(merges), dtype=np.int32)
        self.word_end = n_base + len(merges)  # stands behind the last token of a word

        # 1. Extensions: what each left part ends in, and each right part begins with.
        ends, of_left, deep_left = extensions(lefts, rights, n_base)
        begins, of_right, deep_right = extensions(rights, lefts, n_base)

        # 2. Hash: give every pair a slot.
        keys = [
            self.key(lefts, rights),
            self.key(ends, rights[of_left]),
            self.key(lefts[of_right], begins),
        ]
        n_keys = sum(map(len, keys))
        self.bits = (3 * n_keys // 2).bit_length()  # two thirds full at most
        self.keys = np.full(2**self.bits + 1, EMPTY)  # the last slot is for "none"
        slots = [self.insert(part) for part in keys]

        # 3. Ranks: the lowest of every pair.
        self.ranks = np.full((3, len(self.keys)), NEVER, np.int32)
        self.ranks[0, slots[0]] = ranks
        np.minimum.at(self.ranks[1], slots[1], ranks[of_left])
        np.minimum.at(self.ranks[2], slots[2], ranks[of_right])

        # 4. Deep parts: the lowest for every partner, whatever part it meets.
        self.deep = np.full((2, self.word_end + 1), NEVER, np.int32)
        np.minimum.at(self.deep[0], rights[deep_left], ranks[deep_left])
        np.minimum.at(self.deep[1], lefts[deep_right], ranks[deep_right])

    def key(
        self, lefts: Int[np.ndarray, " P"], rights: Int[np.ndarray, " P"]
    ) -> Int64[np.ndarray, " P"]:
        """Write a pair as one number."""
        return lefts * (self.word_end + 1) + rights

    def hash(self, keys: Int64[np.ndarray, " P"]) -> Int[np.ndarray, " P"]:
        """Give the slot where the search for a pair begins."""
        mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (mixed >> np.uint64(64 - self.bits)).view(np.intp)

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
        self, lefts: Int64[np.ndarray, " P"], rights: Int64[np.ndarray, " P"]
    ) -> Int32[np.ndarray, "3 P"]:
        """Give the ranks of every pair; with `word_end` on the right there are none."""
        # 1. Probe: from the slot of its hash on, until a key is its own, or none.
        keys = self.key(lefts, rights)
        slots = self.hash(keys)
        met = self.keys.take(slots)
        slots[met == EMPTY] = 2**self.bits
        waiting = np.flatnonzero((met != keys) & (met != EMPTY))
        while len(waiting) > 0:
            tried = (slots[waiting] + 1) % 2**self.bits
            met = self.keys[tried]
            slots[waiting] = np.where(met == EMPTY, 2**self.bits, tried)
            waiting = waiting[(met != keys[waiting]) & (met != EMPTY)]

        # 2. Ranks: read those of the keys.
        ranks = self.ranks.take(slots, axis=1)
        np.minimum(ranks[1], self.deep[0].take(rights), out=ranks[1])
        np.minimum(ranks[2], self.deep[1].take(lefts), out=ranks[2])
        ranks[2, rights == self.word_end] = NEVER
        return ranks


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
