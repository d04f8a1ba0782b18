"""Merging in rounds: of all words at once, every merge that is sure to come.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards: training found the merges in this order, encoding replays them.
Twin:   torch_impl/tokenizers/parallel/merge_rounds.py
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64

from reference.tokenizers.parallel.merge_in_order import MERGED_AWAY, merge_in_order
from reference.tokenizers.parallel.pair_table import PairTable
from reference.tokenizers.parallel.sure_merges import sure_merges

BLOCK_SIZE = 2**16  # tokens: what is computed from a block stays in the cache
FEW_TOKENS = 256  # so few are merged faster one by one than in rounds
FEW_MERGES = 64  # a round is worth its while if it merges one in so many tokens


class MergeRounds:
    """All words at once, as one row of tokens.

    The textbook merges one pair at a time: the lowest rank in the word, the leftmost
    of equals. What a merge makes takes part in higher ranks only, so the ranks never
    fall as the textbook goes on. A pair is therefore sure to be merged if neither of
    its tokens can be taken away at a lower rank, and a merge that is sure to come can
    be done at once, together with all others of that kind.

    `merges[r]` is the pair that rank r joins; it becomes token `n_base + r`.

    >>> a, b, ab, aa = 0, 1, 2, 3
    >>> merge = MergeRounds([(a, b), (a, a)], n_base=2)
    >>> merge(np.array([a, a, a, b, a, a, a]), lengths=np.array([4, 3]))
    (array([3, 2, 3, 0]), array([2, 2]))
    """

    def __init__(self, merges: Sequence[Sequence[int]], n_base: int):
        self.rank_of = {tuple(pair): rank for rank, pair in enumerate(merges)}
        self.table = PairTable(np.array(merges, np.int64).reshape(-1, 2), n_base)
        self.n_base = n_base

    def __call__(
        self, tokens: Int64[np.ndarray, " N"], lengths: Int[np.ndarray, " W"]
    ) -> tuple[Int64[np.ndarray, " M"], Int[np.ndarray, " W"]]:
        """Merge words that stand end to end; give all their tokens, and each count."""
        ends = np.append(0, np.cumsum(lengths))
        first_of_block = np.flatnonzero(np.diff(ends[1:] // BLOCK_SIZE)) + 1
        merged, counts = [tokens[:0]], [lengths[:0]]
        for first, behind in pairwise([0, *first_of_block.tolist(), len(lengths)]):
            block = tokens[ends[first] : ends[behind]]
            result = self.merge_block(block, lengths[first:behind])
            present = result != MERGED_AWAY
            merged.append(result[present])
            starts = ends[first:behind] - ends[first]
            counts.append(np.add.reduceat(present, starts, dtype=np.intp))
        return np.concatenate(merged), np.concatenate(counts)

    def merge_block(
        self, tokens: Int64[np.ndarray, " N"], lengths: Int[np.ndarray, " W"]
    ) -> Int64[np.ndarray, " N"]:
        """Merge words; every token stands where it begins, then `MERGED_AWAY`."""
        # 1. Start: mark the last token of every word, look up every adjacent pair.
        tokens, result = tokens.copy(), tokens.copy()
        position = np.arange(len(tokens))
        is_last = np.zeros(len(tokens), bool)
        is_last[np.cumsum(lengths) - 1] = True
        ranks = self.look_up(tokens, is_last, position)

        while len(tokens) >= FEW_TOKENS:
            # 2. Choose: the pairs that are sure to be merged.
            chosen = sure_merges(ranks)
            pairs = np.flatnonzero(chosen)
            if len(pairs) * FEW_MERGES < len(tokens):
                break

            # 3. Merge: the new token stands on the left, the right one goes.
            tokens[pairs] = self.n_base + ranks[0, pairs]
            result[position[pairs]] = tokens[pairs]
            result[position[pairs + 1]] = MERGED_AWAY
            word = np.cumsum(is_last) - is_last
            is_last[pairs] = is_last[pairs + 1]

            # 4. Finish: a word that had no sure pair has none at all, and leaves.
            goes_on = np.zeros(len(lengths), bool)
            goes_on[word[pairs]] = True
            stays = goes_on[word]
            stays[pairs + 1] = False
            staying = np.flatnonzero(stays)
            tokens, position = tokens[staying], position[staying]
            is_last, chosen = is_last[staying], chosen[staying]
            ranks = ranks.take(staying, axis=1)

            # 5. Look up: the pairs that hold a new token.
            new = np.flatnonzero(chosen | np.append(chosen[1:], False))
            found = self.look_up(tokens, is_last, new)
            for column, values in zip(ranks, found, strict=True):
                column[new] = values

        # 6. Rest: it is little, or merges one pair after another, so go in order.
        result[position] = merge_in_order(
            tokens.tolist(), is_last.tolist(), self.rank_of, self.n_base
        )
        return result

    def look_up(
        self,
        tokens: Int64[np.ndarray, " N"],
        is_last: Bool[np.ndarray, " N"],
        positions: Int[np.ndarray, " P"],
    ) -> Int32[np.ndarray, "3 P"]:
        """Look up the pairs whose left tokens stand at some positions."""
        rights = tokens.take(positions + 1, mode="clip")
        rights[is_last.take(positions)] = self.table.word_end
        return self.table.find(tokens.take(positions), rights)
