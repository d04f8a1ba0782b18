"""Pair counts: how often every adjacent pair occurs, kept up to date by merges.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2: "we only
        process the words that change"; here, only the positions that change.
Twin:   torch_impl/tokenizers/parallel/pair_counts.py
"""

import numpy as np
from jaxtyping import Int


class PairCounts:
    """Words as linked tokens, and a number, a count and the positions of each pair.

    A pair is known by the position of its left token. Every pair that a merge makes
    holds the new token, so it is a new pair: all its positions are found when it gets
    its number. Position N, behind the last token, stands for "none".

    In `a a a` the pair (a, a) counts twice, though one merge takes two of the three.

    >>> a, b = 0, 1
    >>> pairs = PairCounts(np.array([a, b, a, b]), np.array([4]), np.array([5]))
    >>> pairs.lefts[:2].tolist(), pairs.rights[:2].tolist(), pairs.counts[:2].tolist()
    ([0, 1], [1, 0], [10, 5])
    >>> pairs.merge(0, new_token=2)
    >>> pairs.lefts[:3].tolist(), pairs.rights[:3].tolist(), pairs.counts[:3].tolist()
    ([0, 1, 2], [1, 0, 2], [0, 0, 5])
    """

    def __init__(
        self,
        tokens: Int[np.ndarray, " N"],
        lengths: Int[np.ndarray, " W"],
        word_counts: Int[np.ndarray, " W"],
    ):
        none, positions, ends = len(tokens), np.arange(len(tokens)), np.cumsum(lengths)
        self.tokens = np.append(tokens, -1)
        self.previous = np.append(positions - 1, none)
        self.previous[ends - lengths] = none
        self.next = np.append(positions + 1, none)
        self.next[ends - 1] = none
        self.weights = np.repeat(word_counts, lengths)
        self.pair_at = np.full(none + 1, -1)  # -1: no pair begins here

        # A merge takes one token away and makes two pairs at most.
        self.n_pairs, room = 0, 3 * none + 1
        self.lefts, self.rights, self.counts = np.zeros((3, room), np.int64)
        self.positions = np.zeros(room, np.int64)  # of every pair, one after another
        self.ends = np.zeros(room + 1, np.int64)  # pair p has ends[p]:ends[p + 1]
        self.number(positions)

    def merge(self, pair: int, new_token: int) -> None:
        """Replace the pair, which must occur somewhere, by one token everywhere."""
        # 1. Find: where the pair still is.
        positions = self.positions[self.ends[pair] : self.ends[pair + 1]]
        positions = positions[self.pair_at[positions] == pair]

        # 2. Runs: of a a a, take every other position, from the left.
        order = np.arange(len(positions))
        follows = np.append(False, self.next[positions[:-1]] == positions[1:])
        run = np.maximum.accumulate(np.where(follows, 0, order))
        positions = positions[(order - run) % 2 == 0]

        # 3. Take back: what the pairs there and next to it count.
        rights = self.next[positions]
        touched = np.unique(
            np.concatenate([self.previous[positions], positions, rights])
        )
        touched = touched[self.pair_at[touched] >= 0]
        np.subtract.at(self.counts, self.pair_at[touched], self.weights[touched])
        self.pair_at[touched] = -1

        # 4. Merge: put the new token on the left, and link it to what follows.
        self.tokens[positions] = new_token
        self.next[positions] = self.next[rights]
        self.previous[self.next[rights]] = positions

        # 5. Count: the pairs that the new token makes.
        self.number(np.unique(np.concatenate([self.previous[positions], positions])))

    def number(self, positions: Int[np.ndarray, " P"]) -> None:
        """Give the pairs that begin at `positions`, all new, numbers and counts."""
        # 1. Sort: bring equal pairs together, the positions of each in order.
        positions = positions[self.tokens[self.next[positions]] >= 0]  # no last token
        lefts, rights = self.tokens[positions], self.tokens[self.next[positions]]
        order = np.lexsort((rights, lefts))
        lefts, rights, positions = lefts[order], rights[order], positions[order]

        # 2. Number: new pairs, on from those there are.
        is_new = np.ones(len(positions), bool)
        is_new[1:] = (lefts[1:] != lefts[:-1]) | (rights[1:] != rights[:-1])
        numbers = self.n_pairs + np.cumsum(is_new) - 1
        self.pair_at[positions] = numbers
        self.lefts[numbers], self.rights[numbers] = lefts, rights

        # 3. Count: note the positions behind those of the others.
        np.add.at(self.counts, numbers, self.weights[positions])
        begin = self.ends[self.n_pairs]
        self.positions[begin : begin + len(positions)] = positions
        n_positions = np.bincount(numbers - self.n_pairs)
        self.ends[self.n_pairs + 1 :][: len(n_positions)] = begin + np.cumsum(
            n_positions
        )
        self.n_pairs += len(n_positions)
