"""Sure merges: pairs that will be merged, whatever happens around them before.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, whose
        merges are found in parallel here; merge_rounds.py says why that is the same.
Twin:   reference/tokenizers/parallel/sure_merges.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int, Int32
from torch import Tensor

from torch_impl.tokenizers.parallel.pair_table import NEVER


def sure_merges(ranks: Int32[Tensor, "3 N"]) -> Bool[Tensor, " N"]:
    """Choose the pairs of which no merge of lower rank can take a token away.

    The leftmost pair of the lowest rank in a word is always one of them.
    """
    # 1. Earliest ranks: at which the next token could take a pair's left token, or
    # its right one.
    rank, left_extension, right_extension = ranks
    by_left = earliest_rank(rank, left_extension)
    by_right = earliest_rank(rank.flip(0), right_extension.flip(0)).flip(0)

    # 2. Sure: its turn comes before. Of equal ranks the left comes first.
    repeats = F.pad(rank[1:] == rank[:-1], (1, 0))
    from_left = F.pad(by_left[:-1], (1, 0), value=NEVER)
    from_right = F.pad(by_right[1:], (0, 1), value=NEVER)
    sure = (rank < NEVER) & (rank < from_left + repeats) & (rank <= from_right)

    # 3. Runs: pairs of a a a overlap; take the 1st, 3rd, ... from its start.
    place = torch.arange(len(rank), dtype=torch.int32, device=rank.device)
    start = place.masked_fill(repeats, 0).cummax(0).values
    unsure = place.masked_fill(sure, -1).cummax(0).values
    return (unsure < start) & ((place - start) % 2 == 0)


def earliest_rank(
    ranks: Int[Tensor, " N"], extension: Int[Tensor, " N"]
) -> Int[Tensor, " N"]:
    """Give the lowest rank at which something joins each pair's right token leftwards.

    That is the pair's own rank, or a rank that is at least `extension` and above the
    one at which the left token was extended itself:

        earliest[k] = min(ranks[k], max(extension[k], earliest[k - 1] + 1))

    It is computed for all k at once: a stretch of such formulas is one formula
    of the same kind, min(most, max(least, before + length)).

    >>> earliest_rank(torch.tensor([5, 9, 9]), torch.tensor([1, 1, 7]))
    tensor([5, 6, 7])
    """
    # 1. Stretches: of one pair; before the first, nothing is extended.
    most, least, length = ranks.clone(), extension.clone(), 1
    least[:1] = NEVER

    while (most > least).count_nonzero() > 0:
        # 2. Join: each stretch to the one before it, until none depends on more.
        before = torch.maximum(most[:-length] + length, least[length:])
        longer = least[:-length] + length
        torch.minimum(most[length:], before, out=most[length:])
        torch.maximum(least[length:], longer, out=least[length:])
        length = 2 * length
    return most
