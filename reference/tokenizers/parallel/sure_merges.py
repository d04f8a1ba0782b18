"""Sure merges: pairs that will be merged, whatever happens around them before.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, whose
        merges are found in parallel here; merge_rounds.py says why that is the same.
Twin:   torch_impl/tokenizers/parallel/sure_merges.py
"""

import numpy as np
from jaxtyping import Bool, Int, Int32

from reference.tokenizers.parallel.pair_table import NEVER


def sure_merges(ranks: Int32[np.ndarray, "3 N"]) -> Bool[np.ndarray, " N"]:
    """Choose the pairs of which no merge of lower rank can take a token away.

    The leftmost pair of the lowest rank in a word is always one of them.
    """
    # 1. Earliest ranks: at which the next token could take a pair's left token, or
    # its right one.
    rank, left_extension, right_extension = ranks
    by_left = earliest_rank(rank, left_extension)
    by_right = earliest_rank(rank[::-1], right_extension[::-1])[::-1]

    # 2. Sure: its turn comes before. Of equal ranks the left comes first.
    repeats = np.zeros(len(rank), bool)
    repeats[1:] = rank[1:] == rank[:-1]
    sure = rank < NEVER
    sure[1:] &= rank[1:] < by_left[:-1] + repeats[1:]
    sure[:-1] &= rank[:-1] <= by_right[1:]

    # 3. Runs: pairs of a a a overlap; take the 1st, 3rd, ... from its start.
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
    # 1. Stretches: of one pair; before the first, nothing is extended.
    most, least, length = ranks.copy(), extension.copy(), 1
    least[:1] = NEVER

    while (most > least).any():
        # 2. Join: each stretch to the one before it, until none depends on more.
        before = most[:-length] + np.int32(length)
        np.maximum(before, least[length:], out=before)
        longer = least[:-length] + np.int32(length)
        np.minimum(most[length:], before, out=most[length:])
        np.maximum(least[length:], longer, out=least[length:])
        length = 2 * length
    return most
