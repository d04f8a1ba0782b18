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
from reference.tokenizers.parallel.pair_table import NEVER, PairTable

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
            counts.append(
                np.add.reduceat(
                    present, ends[first:behind] - ends[first], dtype=np.intp
                )
            )
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
            # 2. Choose the pairs that are sure to be merged.
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

            # 5. Look up the pairs that hold a new token.
            chosen[:-1] |= chosen[1:]
            new = np.flatnonzero(chosen)
            found = self.look_up(tokens, is_last, new)
            for column, values in zip(ranks, found, strict=True):
                column[new] = values

        # 6. What remains is little, or merges one pair after another: go in order.
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


def sure_merges(ranks: Int32[np.ndarray, "3 N"]) -> Bool[np.ndarray, " N"]:
    """Choose the pairs of which no merge of lower rank can take a token away.

    The leftmost pair of the lowest rank in a word is always one of them.
    """
    # 1. Say how early the token to the left could take a pair's left token, and the
    #    token to the right its right one.
    rank, left_extension, right_extension = ranks
    by_left = earliest_rank(rank, left_extension)
    by_right = earliest_rank(rank[::-1], right_extension[::-1])[::-1]

    # 2. A pair is sure if its turn comes before. Of equal ranks the left comes first.
    repeats = np.zeros(len(rank), bool)
    repeats[1:] = rank[1:] == rank[:-1]
    sure = rank < NEVER
    sure[1:] &= rank[1:] < by_left[:-1] + repeats[1:]
    sure[:-1] &= rank[:-1] <= by_right[1:]

    # 3. In a run (a a a), whose pairs overlap, take the 1st, 3rd, ... from its start.
    place = np.arange(len(rank), dtype=np.int32)
    start = np.maximum.accumulate(np.where(repeats, 0, place))
    unsure = np.maximum.accumulate(np.where(sure, -1, place))
    return (unsure < start) & ((place - start) & 1 == 0)


def earliest_rank(
    ranks: Int[np.ndarray, " N"], extension: Int[np.ndarray, " N"]
) -> Int[np.ndarray, " N"]:
    """Give the lowest rank at which something joins each pair's right token leftwards.

    That is the pair's own rank, or a rank that is at least `extension` and above the
    one at which the left token was extended itself:

        earliest[k] = min(ranks[k], max(extension[k], earliest[k - 1] + 1))

    It is computed for all k at once: a stretch of such formulas is one formula
    of the same kind, min(most, max(least, before + length)).

    >>> earliest_rank(np.array([5, 9, 9], np.int32), np.array([1, 1, 7], np.int32))
    array([5, 6, 7], dtype=int32)
    """
    # 1. Begin with stretches of one pair; before the first, nothing is extended.
    most, least, length = ranks.copy(), extension.copy(), 1
    least[:1] = NEVER

    while (most > least).any():
        # 2. Join each stretch to the one before it, until none depends on more.
        before = most[:-length] + np.int32(length)
        np.maximum(before, least[length:], out=before)
        longer = least[:-length] + np.int32(length)
        np.minimum(most[length:], before, out=most[length:])
        np.maximum(least[length:], longer, out=least[length:])
        length = 2 * length
    return most
