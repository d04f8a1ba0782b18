"""Pair counts: how often every adjacent pair occurs, kept up to date by merges.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2: "we only
        process the words that change"; here, only the positions that change.
Twin:   reference/tokenizers/parallel/pair_counts.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Int64
from torch import Tensor


class PairCounts:
    """Words as linked tokens, and a number, a count and the positions of each pair.

    A pair is known by the position of its left token. Every pair that a merge makes
    holds the new token, so it is a new pair: all its positions are found when it gets
    its number. Position N, behind the last token, stands for "none".

    In `a a a` the pair (a, a) counts twice, though one merge takes two of the three.

    >>> a, b = 0, 1
    >>> lengths, word_counts = torch.tensor([4]), torch.tensor([5])
    >>> pairs = PairCounts(torch.tensor([a, b, a, b]), lengths, word_counts)
    >>> pairs.lefts[:2].tolist(), pairs.rights[:2].tolist(), pairs.counts[:2].tolist()
    ([0, 1], [1, 0], [10, 5])
    >>> pairs.merge(0, new_token=2)
    >>> pairs.lefts[:3].tolist(), pairs.rights[:3].tolist(), pairs.counts[:3].tolist()
    ([0, 1, 2], [1, 0, 2], [0, 0, 5])
    """

    def __init__(
        self,
        tokens: Int64[Tensor, " N"],
        lengths: Int64[Tensor, " W"],
        word_counts: Int64[Tensor, " W"],
    ):
        none, ends = len(tokens), lengths.cumsum(0)
        positions = torch.arange(none, device=tokens.device)
        self.tokens = F.pad(tokens, (0, 1), value=-1)
        self.previous = F.pad(positions - 1, (0, 1), value=none)
        self.previous[ends - lengths] = none
        self.next = F.pad(positions + 1, (0, 1), value=none)
        self.next[ends - 1] = none
        self.weights = word_counts.repeat_interleave(lengths)
        self.pair_at = torch.full_like(self.tokens, -1)  # -1: no pair begins here

        # A merge takes one token away and makes two pairs at most.
        self.n_pairs, room = 0, 3 * none + 1
        self.lefts, self.rights, self.counts = tokens.new_zeros(3, room)
        self.positions = tokens.new_zeros(room)  # of every pair, one after another
        self.ends = tokens.new_zeros(room + 1)  # pair p has ends[p]:ends[p + 1]
        self.number(positions)

    def merge(self, pair: int, new_token: int) -> None:
        """Replace the pair, which must occur somewhere, by one token everywhere."""
        # 1. Find: where the pair still is.
        positions = self.positions[self.ends[pair] : self.ends[pair + 1]]
        positions = positions[self.pair_at[positions] == pair]

        # 2. Runs: of a a a, take every other position, from the left.
        order = torch.arange(len(positions), device=positions.device)
        follows = F.pad(self.next[positions[:-1]] == positions[1:], (1, 0))
        run = order.masked_fill(follows, 0).cummax(0).values
        positions = positions[(order - run) % 2 == 0]

        # 3. Take back: what the pairs there and next to it count.
        rights = self.next[positions]
        touched = torch.cat([self.previous[positions], positions, rights]).unique()
        touched = touched[self.pair_at[touched] >= 0]
        self.counts.index_add_(0, self.pair_at[touched], -self.weights[touched])
        self.pair_at[touched] = -1

        # 4. Merge: put the new token on the left, and link it to what follows.
        self.tokens[positions] = new_token
        self.next[positions] = self.next[rights]
        self.previous[self.next[rights]] = positions

        # 5. Count: the pairs that the new token makes.
        self.number(torch.cat([self.previous[positions], positions]).unique())

    def number(self, positions: Int64[Tensor, " P"]) -> None:
        """Give the pairs that begin at `positions`, all new, numbers and counts."""
        # 1. Sort: bring equal pairs together, the positions of each in order.
        positions = positions[self.tokens[self.next[positions]] >= 0]  # no last token
        lefts, rights = self.tokens[positions], self.tokens[self.next[positions]]
        order = rights.argsort(stable=True)
        order = order[lefts[order].argsort(stable=True)]
        lefts, rights, positions = lefts[order], rights[order], positions[order]

        # 2. Number: new pairs, on from those there are.
        is_new = torch.ones_like(positions, dtype=torch.bool)
        is_new[1:] = (lefts[1:] != lefts[:-1]) | (rights[1:] != rights[:-1])
        numbers = self.n_pairs + is_new.cumsum(0) - 1
        self.pair_at[positions] = numbers
        self.lefts[numbers], self.rights[numbers] = lefts, rights

        # 3. Count: note the positions behind those of the others.
        self.counts.index_add_(0, numbers, self.weights[positions])
        begin = int(self.ends[self.n_pairs])
        self.positions[begin : begin + len(positions)] = positions
        n_positions = (numbers - self.n_pairs).bincount()
        ends = self.ends[self.n_pairs + 1 : self.n_pairs + 1 + len(n_positions)]
        ends.copy_(begin + n_positions.cumsum(0))
        self.n_pairs += len(n_positions)
