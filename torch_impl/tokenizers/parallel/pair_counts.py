"""How often each pair of neighbours stands in the words, kept up to date by merges.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2: "we only
        process the words that change"; here, only the places that change.
Twin:   reference/tokenizers/pair_counts.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor


class PairCounts:
    """Words as linked symbols, and a number, a count and the places of each pair.

    A pair is known by the place of its left symbol. Every pair that a merge makes
    holds the new symbol, so it is a new pair: all its places are found when it gets
    its number. Place N, behind the last symbol, stands for "none".

    In `a a a` the pair (a, a) counts twice, though one merge takes two of the three.

    >>> a, b = 0, 1
    >>> symbols, word_of = torch.tensor([a, b, a, b]), torch.tensor([0, 0, 0, 0])
    >>> pairs = PairCounts(symbols, word_of, word_counts=torch.tensor([5]))
    >>> pairs.lefts[:2].tolist(), pairs.rights[:2].tolist(), pairs.counts[:2].tolist()
    ([0, 1], [1, 0], [10, 5])
    >>> pairs.merge(0, new_symbol=2)
    >>> pairs.lefts[:3].tolist(), pairs.rights[:3].tolist(), pairs.counts[:3].tolist()
    ([0, 1, 2], [1, 0, 2], [0, 0, 5])
    """

    def __init__(
        self,
        symbols: Int[Tensor, " N"],
        word_of: Int[Tensor, " N"],
        word_counts: Int[Tensor, " W"],
    ):
        none, places = len(symbols), torch.arange(len(symbols), device=symbols.device)
        differs = word_of[1:] != word_of[:-1]
        first = F.pad(differs, (len(places[:1]), 0), value=True)
        last = F.pad(differs, (0, len(places[:1])), value=True)
        self.symbols = F.pad(symbols, (0, 1), value=-1)
        self.before = F.pad((places - 1).masked_fill(first, none), (0, 1), value=none)
        self.behind = F.pad((places + 1).masked_fill(last, none), (0, 1), value=none)
        self.weights = word_counts[word_of]
        self.pair_at = torch.full_like(self.symbols, -1)  # -1: no pair begins here

        # A merge takes one symbol away and makes two pairs at most.
        self.n_pairs, room = 0, 3 * none + 1
        self.lefts, self.rights, self.counts = (
            symbols.new_zeros(room) for _ in range(3)
        )
        self.places = symbols.new_zeros(room)  # of every pair, one after another
        self.ends = symbols.new_zeros(room + 1)  # pair p has ends[p]:ends[p + 1]
        self._number(places)

    def merge(self, pair: int, new_symbol: int) -> None:
        """Replace the pair, which must stand somewhere, by one symbol everywhere."""
        # 1. Find where the pair still stands.
        places = self.places[self.ends[pair] : self.ends[pair + 1]]
        places = places[self.pair_at[places] == pair]

        # 2. In a run (a a a), keep every other place, from the left.
        order = torch.arange(len(places), device=places.device)
        follows = F.pad(self.behind[places[:-1]] == places[1:], (1, 0))
        run = order.masked_fill(follows, 0).cummax(0).values
        places = places[(order - run) % 2 == 0]

        # 3. Take back what the pairs there and next to it count.
        rights = self.behind[places]
        touched = torch.cat([self.before[places], places, rights]).unique()
        touched = touched[self.pair_at[touched] >= 0]
        self.counts.index_add_(0, self.pair_at[touched], -self.weights[touched])
        self.pair_at[touched] = -1

        # 4. Put the new symbol on the left and link it to what follows.
        self.symbols[places] = new_symbol
        self.behind[places] = self.behind[rights]
        self.before[self.behind[rights]] = places

        # 5. Number and count the pairs that it makes.
        made = torch.cat([self.before[places], places]).unique()
        self._number(made)

    def _number(self, places: Int[Tensor, " P"]) -> None:
        """Give the pairs that begin at `places`, all new, their numbers and counts."""
        # 1. Bring equal pairs together, the places of each in order.
        places = places[self.symbols[self.behind[places]] >= 0]  # not a last symbol
        lefts, rights = self.symbols[places], self.symbols[self.behind[places]]
        order = rights.argsort(stable=True)
        order = order[lefts[order].argsort(stable=True)]
        lefts, rights, places = lefts[order], rights[order], places[order]

        # 2. Number them on from those there are.
        leads = torch.ones_like(places, dtype=torch.bool)
        leads[1:] = (lefts[1:] != lefts[:-1]) | (rights[1:] != rights[:-1])
        numbers = self.n_pairs + leads.cumsum(0) - 1
        self.pair_at[places] = numbers
        self.lefts[numbers], self.rights[numbers] = lefts, rights

        # 3. Count them, and note their places behind those of the others.
        self.counts.index_add_(0, numbers, self.weights[places])
        begin = self.ends[self.n_pairs]
        self.places[begin : begin + len(places)] = places
        n_places = (numbers - self.n_pairs).bincount()
        self.ends[self.n_pairs + 1 :][: len(n_places)] = begin + n_places.cumsum(0)
        self.n_pairs += len(n_places)
