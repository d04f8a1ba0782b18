"""The heart of byte-pair encoding: merge the lowest-ranked pair until none is left.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards: training found the merges in this order, encoding replays them.
Twin:   reference/tokenizers/merge_pairs.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from torch_impl.tokenizers.merge_table import NEVER, MergeTable


class MergePairs(nn.Module):
    """All words of a text at once, as one row of symbols.

    The textbook merges one pair at a time: the lowest rank in the word, the leftmost
    of equals. What a merge makes takes part in higher ranks only, so the ranks never
    fall as the textbook goes on. A pair's turn is therefore sure to come if none of
    its two symbols can be taken away at a lower rank, and a merge that is sure to
    come can be done at once, together with all others of that kind. The lowest rank
    of a word is always one of them.

    `merges[r]` is the pair that rank r joins; it becomes symbol `n_base + r`.

    >>> a, b, ab, aa = 0, 1, 2, 3
    >>> merge = MergePairs(torch.tensor([[a, b], [a, a]]), n_base=2)
    >>> word_of = torch.tensor([0, 0, 0, 0, 1, 1, 1])
    >>> merge(torch.tensor([a, a, a, b, a, a, a]), word_of)
    (tensor([3, 2, 3, 0]), tensor([0, 0, 1, 1]))
    """

    def __init__(self, merges: Int[Tensor, "R 2"], n_base: int):
        super().__init__()
        self.table = MergeTable(merges, n_base)
        self.n_base = n_base

    def forward(
        self, symbols: Int[Tensor, " N"], word_of: Int[Tensor, " N"]
    ) -> tuple[Int[Tensor, " M"], Int[Tensor, " M"]]:
        """Merge within words only; `word_of[n]` is the word that symbol n stands in."""
        # 1. Look every pair of neighbours up; across words there is none.
        table = self.table
        rows = table.find(symbols[:-1], symbols[1:], word_of[:-1] == word_of[1:])

        while True:
            # 2. Rank the pairs; stop when no word holds one that can be merged.
            ranks = table.rank[rows]
            known = ranks < NEVER
            if not known.any():
                return symbols, word_of

            # 3. Say how soon the symbol to the left could take a pair's left symbol,
            #    and the symbol to the right its right one.
            by_left = soonest(ranks, table.grown_left[rows])
            by_right = soonest(ranks.flip(0), table.grown_right[rows].flip(0)).flip(0)
            from_left = F.pad(by_left[:-1], (1, 0), value=NEVER)
            from_right = F.pad(by_right[1:], (0, 1), value=NEVER)

            # 4. Pick the pairs whose turn comes before; in a run (a a a), from its
            #    start, every other one.
            repeats = F.pad(ranks[1:] == ranks[:-1], (1, 0))
            sure = known & (ranks < from_left + repeats) & (ranks <= from_right)
            place = torch.arange(len(ranks), device=ranks.device)
            start = place.masked_fill(repeats, 0).cummax(0).values
            unsure = place.masked_fill(sure, -1).cummax(0).values
            picked = (unsure < start) & ((place - start) % 2 == 0)

            # 5. Put the merged symbol on the left and close the gap on the right.
            left, right = F.pad(picked, (0, 1)), F.pad(picked, (1, 0))
            symbols = symbols.masked_scatter(left, self.n_base + ranks[picked])
            symbols, word_of, merged = symbols[~right], word_of[~right], left[~right]

            # 6. Look up again where a neighbour is new.
            rows = rows[~picked]
            new = (merged[:-1] | merged[1:]).nonzero().flatten()
            within = word_of[new] == word_of[new + 1]
            rows[new] = table.find(symbols[new], symbols[new + 1], within)


def soonest(ranks: Int[Tensor, " N"], grown: Int[Tensor, " N"]) -> Int[Tensor, " N"]:
    """Say the lowest rank at which something joins each pair's right symbol leftwards.

    That is the pair's own rank, or a rank that is at least `grown` and above the one
    at which the left symbol grew:

        soonest[k] = min(ranks[k], max(grown[k], soonest[k - 1] + 1))

    It is computed for all k at once: a stretch of such formulas is one formula
    of the same kind, min(most, max(least, before + length)).

    >>> soonest(torch.tensor([5, 9, 9]), torch.tensor([1, 1, 7]))
    tensor([5, 6, 7])
    """
    # 1. Begin with stretches of one pair; before the first, nothing grows.
    most, least, length = ranks.clone(), grown.clone(), 1
    least[:1] = NEVER

    while (most > least).any():
        # 2. Join each stretch to the one before it, until none depends on more.
        before = torch.maximum(least[length:], most[:-length] + length)
        most[length:] = torch.minimum(most[length:], before)
        least[length:] = torch.maximum(least[length:], least[:-length] + length)
        length = 2 * length
    return most
