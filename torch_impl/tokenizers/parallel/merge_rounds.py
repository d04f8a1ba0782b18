"""Merging in rounds: of all words at once, every merge that is sure to come.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards: training found the merges in this order, encoding replays them.
Twin:   reference/tokenizers/parallel/merge_rounds.py
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int, Int32, Int64
from torch import Tensor, nn

from torch_impl.tokenizers.parallel.merge_in_order import MERGED_AWAY, merge_in_order
from torch_impl.tokenizers.parallel.pair_table import NEVER, PairTable

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
            # 2. Choose the pairs that are sure to be merged.
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

            # 5. Look up the pairs that hold a new token.
            new = (chosen | F.pad(chosen[1:], (0, 1))).nonzero().flatten()
            ranks.index_copy_(1, new, self.look_up(tokens, is_last, new))

        # 6. What remains is little, or merges one pair after another: go in order.
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


def sure_merges(ranks: Int32[Tensor, "3 N"]) -> Bool[Tensor, " N"]:
    """Choose the pairs of which no merge of lower rank can take a token away.

    The leftmost pair of the lowest rank in a word is always one of them.
    """
    # 1. Say how early the token to the left could take a pair's left token, and the
    #    token to the right its right one.
    rank, left_extension, right_extension = ranks
    by_left = earliest_rank(rank, left_extension)
    by_right = earliest_rank(rank.flip(0), right_extension.flip(0)).flip(0)

    # 2. A pair is sure if its turn comes before. Of equal ranks the left comes first.
    repeats = F.pad(rank[1:] == rank[:-1], (1, 0))
    from_left = F.pad(by_left[:-1], (1, 0), value=NEVER)
    from_right = F.pad(by_right[1:], (0, 1), value=NEVER)
    sure = (rank < NEVER) & (rank < from_left + repeats) & (rank <= from_right)

    # 3. In a run (a a a), whose pairs overlap, take the 1st, 3rd, ... from its start.
    place = torch.arange(len(rank), device=rank.device)
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
    # 1. Begin with stretches of one pair; before the first, nothing is extended.
    most, least, length = ranks.clone(), extension.clone(), 1
    least[:1] = NEVER

    while (most > least).count_nonzero() > 0:
        # 2. Join each stretch to the one before it, until none depends on more.
        before = torch.maximum(most[:-length] + length, least[length:])
        longer = least[:-length] + length
        torch.minimum(most[length:], before, out=most[length:])
        torch.maximum(least[length:], longer, out=least[length:])
        length = 2 * length
    return most
