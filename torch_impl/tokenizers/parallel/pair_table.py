"""Pair table: which adjacent pairs merge, at what rank, and what could come before.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   reference/tokenizers/parallel/pair_table.py
"""

import torch
from jaxtyping import Int32, Int64
from torch import Tensor, nn

from torch_impl.tokenizers.parallel.packed_words import FACTORS, signed

NEVER = 2**30  # the rank of a pair that no merge joins
EMPTY = -1
DEPTH = 2  # how many parts within parts are listed by name


class PairTable(nn.Module):
    """A hash table of the pairs that merge, or whose tokens can be taken away.

    A pair x y has three ranks: of the merge that joins it; the lowest of a merge that
    joins y to a longer token that ends in x, its left extension; the lowest of one
    that joins x to a longer token that begins with y, its right extension. The
    extensions may be too low, never too high. `NEVER` says that there is none.

    >>> a, b, ab = 0, 1, 2
    >>> table = PairTable(torch.tensor([[a, b], [b, ab]]), n_base=2)
    >>> ranks = table(torch.tensor([a, b]), torch.tensor([b, a]))
    >>> ranks[0].tolist() == [0, NEVER], int(ranks[2, 1])  # b a: of b, ab
    (True, 1)
    """

    def __init__(self, merges: Int64[Tensor, "R 2"], n_base: int):
        super().__init__()
        lefts, rights = merges.unbind(1)
        ranks = torch.arange(len(merges), dtype=torch.int32, device=merges.device)
        self.word_end = n_base + len(merges)  # stands behind the last token of a word

        # 1. Extensions: what each left part ends in, and each right part begins with.
        ends, of_left, deep_left = extensions(lefts, rights, n_base)
        begins, of_right, deep_right = extensions(rights, lefts, n_base)

        # 2. Hash: give every pair a slot.
        keys = [
            self.key(lefts, rights),
            self.key(ends, rights[of_left]),
            self.key(lefts[of_right], begins),
        ]
        n_keys = sum(map(len, keys))
        self.bits = (3 * n_keys // 2).bit_length()  # two thirds full at most
        none = 2**self.bits  # the last slot is for "none"
        self.keys = nn.Buffer(lefts.new_full((none + 1,), EMPTY), persistent=False)
        slots = [self.insert(part) for part in keys]

        # 3. Ranks: the lowest of every pair.
        columns = [
            lowest(none + 1, slots[0], ranks),
            lowest(none + 1, slots[1], ranks[of_left]),
            lowest(none + 1, slots[2], ranks[of_right]),
        ]
        self.ranks = nn.Buffer(torch.stack(columns), persistent=False)

        # 4. Deep parts: the lowest for every partner, whatever part it meets.
        n_partners = self.word_end + 1
        columns = [
            lowest(n_partners, rights[deep_left], ranks[deep_left]),
            lowest(n_partners, lefts[deep_right], ranks[deep_right]),
        ]
        self.deep = nn.Buffer(torch.stack(columns), persistent=False)

    def key(
        self, lefts: Int64[Tensor, " P"], rights: Int64[Tensor, " P"]
    ) -> Int64[Tensor, " P"]:
        """Write a pair as one number."""
        return lefts * (self.word_end + 1) + rights

    def hash(self, keys: Int64[Tensor, " P"]) -> Int64[Tensor, " P"]:
        """Give the slot where the search for a pair begins."""
        return keys * signed(FACTORS[0]) >> 64 - self.bits & 2**self.bits - 1

    def insert(self, keys: Int64[Tensor, " P"]) -> Int64[Tensor, " P"]:
        """Put every key into the first slot that is free, or already its own."""
        slots = self.hash(keys)
        waiting = torch.arange(len(keys), device=keys.device)
        while len(waiting) > 0:
            tried, asked = slots[waiting], keys[waiting]
            free = self.keys[tried] == EMPTY
            self.keys[tried[free]] = asked[free]
            waiting = waiting[self.keys[tried] != asked]
            slots[waiting] = (slots[waiting] + 1) % 2**self.bits
        return slots

    def forward(
        self, lefts: Int64[Tensor, " P"], rights: Int64[Tensor, " P"]
    ) -> Int32[Tensor, "3 P"]:
        """Give the ranks of every pair; with `word_end` on the right there are none."""
        # 1. Probe: from the slot of its hash on, until a key is its own, or none.
        keys = self.key(lefts, rights)
        slots = self.hash(keys)
        met = self.keys.index_select(0, slots)
        waiting = ((met != keys) & (met != EMPTY)).nonzero().flatten()
        slots.masked_fill_(met == EMPTY, 2**self.bits)
        while len(waiting) > 0:
            tried, asked = (slots[waiting] + 1) % 2**self.bits, keys[waiting]
            met = self.keys[tried]
            slots[waiting] = tried.masked_fill(met == EMPTY, 2**self.bits)
            waiting = waiting[(met != asked) & (met != EMPTY)]

        # 2. Ranks: read those of the keys.
        rank, left, right = (column.index_select(0, slots) for column in self.ranks)
        left = torch.minimum(left, self.deep[0].index_select(0, rights))
        right = torch.minimum(right, self.deep[1].index_select(0, lefts))
        right.masked_fill_(rights == self.word_end, NEVER)
        return torch.stack([rank, left, right])


def lowest(
    n_slots: int, slots: Int64[Tensor, " P"], ranks: Int32[Tensor, " P"]
) -> Int32[Tensor, " S"]:
    """Give every slot its lowest rank.

    >>> ranks = torch.tensor([7, 3], dtype=torch.int32)
    >>> lowest(2, torch.tensor([1, 1]), ranks).tolist() == [NEVER, 3]
    True
    """
    return ranks.new_full((n_slots,), NEVER).scatter_reduce(0, slots, ranks, "amin")


def extensions(
    tokens: Int64[Tensor, " R"], inner: Int64[Tensor, " R"], n_base: int
) -> tuple[Int64[Tensor, " S"], Int64[Tensor, " S"], Int64[Tensor, " D"]]:
    """List what each token ends in (or begins with): its inner part, that one's, ...

    `tokens[r]` takes part in merge r, and `inner[r]` is the part of the token that
    merge r makes which faces its partner. Given are parts, the merge that each
    concerns, and the merges whose chain of parts goes on below `DEPTH`: a chain may
    be as long as a token, and listing all of it would take more than linear memory.

    >>> parts, merges, deep = extensions(
    ...     torch.tensor([0, 4]), torch.tensor([1, 3]), n_base=3
    ... )
    >>> parts.tolist(), merges.tolist(), deep.tolist()  # 4 ends in 3, which ends in 1
    ([3, 1], [1, 1], [])
    """
    concerned = torch.arange(len(tokens), device=tokens.device)
    parts, merges = [tokens[:0]], [concerned[:0]]
    for _ in range(DEPTH + 1):
        made = tokens >= n_base
        tokens, concerned = inner[tokens[made] - n_base], concerned[made]
        parts.append(tokens)
        merges.append(concerned)
    return torch.cat(parts[:-1]), torch.cat(merges[:-1]), concerned
