"""Merging in rounds: of all words at once, every merge that is sure to come.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards: training found the merges in this order, encoding replays them.
Twin:   reference/tokenizers/parallel/merge_rounds.py
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int32, Int64
from torch import Tensor, nn

from torch_impl.tokenizers.parallel.merge_in_order import MERGED_AWAY, merge_in_order
from torch_impl.tokenizers.parallel.pair_table import PairTable
from torch_impl.tokenizers.parallel.sure_merges import sure_merges

BLOCK_SIZE = 2**16  # tokens: what is computed from a block stays in the cache
FEW_TOKENS = 256  # so few are merged faster one by one than in rounds
FEW_MERGES = 64  # a round is worth its while if it merges one in so many tokens


class MergeRounds(nn.Module):
    """All words at once, as one row of tokens.

    The textbook merges one pair at a time: the lowest rank in the word, the leftmost
    of equals. What a merge makes takes part in higher ranks only, so the ranks never
    fall as the textbook goes on. A pair is therefore sure to be merged if neither of
    its tokens can be taken away at a lower rank, and a merge that is sure to come can
    be done at once, together with all others of that kind.

    `merges[r]` is the pair that rank r joins; it becomes token `n_base + r`.

    >>> a, b, ab, aa = 0, 1, 2, 3
    >>> merge = MergeRounds([(a, b), (a, a)], n_base=2)
    >>> merge(torch.tensor([a, a, a, b, a, a, a]), lengths=torch.tensor([4, 3]))
    (tensor([3, 2, 3, 0]), tensor([2, 2]))
    """

    def __init__(self, merges: Sequence[Sequence[int]], n_base: int):
        super().__init__()
        self.rank_of = {tuple(pair): rank for rank, pair in enumerate(merges)}
        pairs = torch.tensor(merges, dtype=torch.int64).reshape(-1, 2)
        self.table = PairTable(pairs, n_base)
        self.n_base = n_base

    def forward(
        self, tokens: Int64[Tensor, " N"], lengths: Int64[Tensor, " W"]
    ) -> tuple[Int64[Tensor, " M"], Int64[Tensor, " W"]]:
        """Merge words that stand end to end; give all their tokens, and each count."""
        ends = lengths.cumsum(0)
        block_of = ends // BLOCK_SIZE
        cuts = (block_of.diff().nonzero().flatten() + 1).tolist()
        merged, counts = [tokens[:0]], [lengths[:0]]
        for first, behind in pairwise([0, *cuts, len(lengths)]):
            sizes = lengths[first:behind]
            n_tokens = int(sizes.sum())
            block, tokens = tokens[:n_tokens], tokens[n_tokens:]
            result = self.merge_block(block, sizes)
            present = result != MERGED_AWAY
            before = F.pad(present.cumsum(0), (1, 0))[F.pad(sizes.cumsum(0), (1, 0))]
            merged.append(result[present])
            counts.append(before.diff())
        return torch.cat(merged), torch.cat(counts)

    def merge_block(
        self, tokens: Int64[Tensor, " N"], lengths: Int64[Tensor, " W"]
    ) -> Int64[Tensor, " N"]:
        """Merge words; every token stands where it begins, then `MERGED_AWAY`."""
        # 1. Start: mark the last token of every word, look up every adjacent pair.
        tokens, result = tokens.clone(), tokens.clone()
        position = torch.arange(len(tokens), device=tokens.device)
        is_last = torch.zeros_like(tokens, dtype=torch.bool)
        is_last[lengths.cumsum(0) - 1] = True
        ranks = self.look_up(tokens, is_last, position)

        while len(tokens) >= FEW_TOKENS:
            # 2. Choose: the pairs that are sure to be merged.
            chosen = sure_merges(ranks)
            pairs = chosen.nonzero().flatten()
            if len(pairs) * FEW_MERGES < len(tokens):
                break

            # 3. Merge: the new token stands on the left, the right one goes.
            tokens[pairs] = self.n_base + ranks[0].index_select(0, pairs).long()
            result[position[pairs]] = tokens[pairs]
            result[position[pairs + 1]] = MERGED_AWAY
            word = is_last.cumsum(0) - is_last.long()
            is_last[pairs] = is_last[pairs + 1]

            # 4. Finish: a word that had no sure pair has none at all, and leaves.
            goes_on = torch.zeros_like(lengths, dtype=torch.bool)
            goes_on[word[pairs]] = True
            stays = goes_on.index_select(0, word)
            stays[pairs + 1] = False
            staying = stays.nonzero().flatten()
            tokens, position, is_last, chosen = (
                row.index_select(0, staying)
                for row in (tokens, position, is_last, chosen)
            )
            ranks = ranks.index_select(1, staying)

            # 5. Look up: the pairs that hold a new token.
            new = (chosen | F.pad(chosen[1:], (0, 1))).nonzero().flatten()
            ranks.index_copy_(1, new, self.look_up(tokens, is_last, new))

        # 6. Rest: it is little, or merges one pair after another, so go in order.
        remaining = merge_in_order(
            tokens.tolist(), is_last.tolist(), self.rank_of, self.n_base
        )
        result[position] = result.new_tensor(remaining)
        return result

    def look_up(
        self,
        tokens: Int64[Tensor, " N"],
        is_last: Bool[Tensor, " N"],
        positions: Int64[Tensor, " P"],
    ) -> Int32[Tensor, "3 P"]:
        """Look up the pairs whose left tokens stand at some positions."""
        behind = (positions + 1).clamp(max=len(tokens) - 1)
        rights = tokens.index_select(0, behind)
        rights.masked_fill_(is_last.index_select(0, positions), self.table.word_end)
        return self.table(tokens.index_select(0, positions), rights)
