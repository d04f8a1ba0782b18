"""Merging in rounds: of all words at once, every merge that is sure to come.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards: training found the merges in this order, encoding replays them.
Twin:   torch_impl/tokenizers/parallel/merge_rounds.py
"""

from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int, Int32

from reference.tokenizers.parallel.merge_in_order import MERGED_AWAY, merge_in_order
from reference.tokenizers.parallel.pair_table import NEVER, PairTable, Ranks

FEW_TOKENS = 256  # so few are merged faster one by one than in rounds
FEW_MERGES = 64  # a round must merge one in so many tokens to be worth its while


class MergeRounds:
    """All words at once, as one row of tokens.

    The textbook merges one pair at a time: the lowest rank in the word, the leftmost
    of equals. What a merge makes takes part in higher ranks only, so the ranks never
    fall as the textbook goes on. A pair is therefore sure to be merged if neither of
    its tokens can be taken away at a lower rank, and a merge that is sure to come can
    be done at once, together with all others of that kind.

    `merges[r]` is the pair that rank r joins; it becomes token `n_base + r`.

    >>> a, b, ab, aa = 0, 1, 2, 3
    >>> merge = MergeRounds(np.array([[a, b], [a, a]]), n_base=2)
    >>> merge(np.array([a, a, a, b, a, a, a]), lengths=np.array([4, 3]))
    (array([3, 2, 3, 0], dtype=int32), array([2, 2]))
    """

    def __init__(self, merges: Int[np.ndarray, "R 2"], n_base: int):
        self.merges = merges
        self.table = PairTable(merges, n_base)
        self.n_base = n_base

    def __call__(
        self, tokens: Int[np.ndarray, " N"], lengths: Int[np.ndarray, " W"]
    ) -> tuple[Int32[np.ndarray, " M"], Int[np.ndarray, " W"]]:
        """Merge words that stand end to end; give all their tokens, and each count."""
        # 1. Begin: mark the last token of every word, look up every adjacent pair.
        tokens, result = tokens.copy(), tokens.copy()
        is_last = np.zeros(len(tokens), bool)
        is_last[np.cumsum(lengths) - 1] = True
        position = np.arange(len(tokens))
        ranks = self.look_up(tokens, is_last, position)

        while len(tokens) >= FEW_TOKENS:
            # 2. Choose the pairs that are sure to be merged.
            chosen = sure_merges(ranks)
            pairs = np.flatnonzero(chosen)
            if len(pairs) * FEW_MERGES < len(tokens):
                break

            # 3. Merge: the new token stands on the left, the right one goes.
            tokens[pairs] = self.n_base + ranks.rank[pairs]
            result[position[pairs]] = tokens[pairs]
            result[position[pairs + 1]] = MERGED_AWAY
            word = np.cumsum(is_last) - is_last
            is_last[pairs] = is_last[pairs + 1]

            # 4. Words without a sure pair are finished: they leave.
            going_on = np.zeros(len(lengths), bool)
            going_on[word[pairs]] = True
            stays = going_on[word]
            stays[pairs + 1] = False
            staying = np.flatnonzero(stays)
            tokens, is_last, position = tokens[staying], is_last[staying], position[staying]
            ranks = Ranks(*(column[staying] for column in ranks))

            # 5. Look up the pairs that hold a new token.
            merged = chosen[staying]
            merged[:-1] |= merged[1:]
            new = np.flatnonzero(merged)
            found = self.look_up(tokens, is_last, new)
            for column, values in zip(ranks, found, strict=True):
                column[new] = values

        # 6. What remains is little, or does one merge after another: in order.
        result[position] = merge_in_order(
            tokens.tolist(), is_last.tolist(), self.rank_of, self.n_base
        )
        present = result != MERGED_AWAY
        counts = np.add.reduceat(present, np.cumsum(lengths) - lengths, dtype=np.intp)
        return result[present], counts

    @cached_property
    def rank_of(self) -> dict[tuple[int, int], int]:
        """The rank of every pair that a merge joins."""
        return {(left, right): r for r, (left, right) in enumerate(self.merges.tolist())}

    def look_up(
        self,
        tokens: Int32[np.ndarray, " N"],
        is_last: Bool[np.ndarray, " N"],
        positions: Int[np.ndarray, " P"],
    ) -> Ranks:
        """Look up the pairs that begin at some positions."""
        nexts = tokens.take(positions + 1, mode="clip")
        nexts[is_last[positions]] = self.table.word_end
        return self.table.find(tokens[positions], nexts)


def sure_merges(ranks: Ranks) -> Bool[np.ndarray, " N"]:
    """Choose the pairs that no merge of lower rank can take a token away from."""
    # 1. Say how early the token to the left could take a pair's left token, and the
    #    token to the right its right one.
    rank = ranks.rank
    by_left = earliest_rank(rank, ranks.left_extension)
    by_right = earliest_rank(rank[::-1], ranks.right_extension[::-1])[::-1]
    from_left = np.append(np.int32(NEVER), by_left[:-1])
    from_right = np.append(by_right[1:], np.int32(NEVER))

    # 2. A pair is sure if its turn comes before. Of equal ranks the left comes first.
    repeats = np.zeros(len(rank), bool)
    repeats[1:] = rank[1:] == rank[:-1]
    sure = (rank < NEVER) & (rank < from_left + repeats) & (rank <= from_right)

    # 3. In a run (a a a), whose pairs overlap, take the 1st, 3rd, ... from its start.
    place = np.arange(len(rank), dtype=np.int32)
    start = np.maximum.accumulate(np.where(repeats, 0, place))
    unsure = np.maximum.accumulate(np.where(sure, -1, place))
    return (unsure < start) & ((place - start) % 2 == 0)


def earliest_rank(
    ranks: Int32[np.ndarray, " N"], extension: Int32[np.ndarray, " N"]
) -> Int32[np.ndarray, " N"]:
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
