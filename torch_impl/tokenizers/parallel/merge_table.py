"""Which neighbours merge, at what rank, and what could come between them.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   reference/tokenizers/merge_table.py
"""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor, nn

NEVER = 2**62  # the rank of a pair that no merge joins


class MergeTable(nn.Module):
    """A row for every pair of neighbours that matters, found by binary search.

    For neighbours x y, `rank` is the merge that joins them; `grown_left` the lowest
    rank that joins y to a longer symbol that ends in x; `grown_right` the lowest that
    joins x to a longer symbol that begins with y. The last row, all `NEVER`, stands
    for every pair that is not listed.

    >>> a, b, ab = 0, 1, 2
    >>> table = MergeTable(torch.tensor([[a, b], [b, ab]]), n_base=2)
    >>> row = table.find(torch.tensor([b]), torch.tensor([a]), torch.tensor([True]))
    >>> bool(table.rank[row] == NEVER), table.grown_right[row].item()  # b, ab
    (True, 1)
    """

    codes: Tensor
    rank: Tensor
    grown_left: Tensor
    grown_right: Tensor

    def __init__(self, merges: Int[Tensor, "R 2"], n_base: int):
        super().__init__()
        refuse_merges(merges, n_base)
        self.n_symbols = n_base + len(merges)
        lefts, rights = merges.unbind(1)
        codes = lefts * self.n_symbols + rights

        # 1. List what each left part ends in, and each right part begins with.
        ends, left_ranks = parts(lefts, rights, n_base)
        begins, right_ranks = parts(rights, lefts, n_base)

        # 2. Code the pairs that meet when those merges happen.
        left_codes = ends * self.n_symbols + rights[left_ranks]
        right_codes = lefts[right_ranks] * self.n_symbols + begins

        # 3. List every pair once, in order.
        listed = torch.cat([codes, left_codes, right_codes]).unique()
        self.register_buffer("codes", listed, persistent=False)

        # 4. Keep the lowest rank of each.
        rank = lowest(listed, codes, torch.arange(len(merges), device=codes.device))
        grown_left = lowest(listed, left_codes, left_ranks)
        grown_right = lowest(listed, right_codes, right_ranks)
        self.register_buffer("rank", rank, persistent=False)
        self.register_buffer("grown_left", grown_left, persistent=False)
        self.register_buffer("grown_right", grown_right, persistent=False)

    def find(
        self,
        lefts: Int[Tensor, " P"],
        rights: Int[Tensor, " P"],
        within: Bool[Tensor, " P"],
    ) -> Int[Tensor, " P"]:
        """Find the row of each pair, the last one if it is not `within` a word."""
        codes = lefts * self.n_symbols + rights
        rows = torch.searchsorted(self.codes, codes)
        found = F.pad(self.codes, (0, 1), value=-1)[rows] == codes
        return rows.masked_fill(~(found & within), len(self.codes))


def lowest(
    listed: Int[Tensor, " K"], codes: Int[Tensor, " P"], ranks: Int[Tensor, " P"]
) -> Int[Tensor, " rows"]:
    """Give every listed code its lowest rank, and `NEVER` to a last row."""
    column = codes.new_full((len(listed) + 1,), NEVER)
    rows = torch.searchsorted(listed, codes)
    return column.scatter_reduce(0, rows, ranks, "amin")


def parts(
    symbols: Int[Tensor, " R"], part_of: Int[Tensor, " R"], n_base: int
) -> tuple[Int[Tensor, " S"], Int[Tensor, " S"]]:
    """List the part of each symbol, that one's part, and so on; and whose it is.

    >>> parts(torch.tensor([0, 4]), part_of=torch.tensor([1, 3]), n_base=3)
    (tensor([3, 1]), tensor([1, 1]))
    """
    owners = torch.arange(len(symbols), device=symbols.device)
    found, of = [symbols[:0]], [owners[:0]]
    while len(symbols) > 0:
        made = (symbols >= n_base).nonzero().flatten()
        symbols, owners = part_of[symbols[made] - n_base], owners[made]
        found.append(symbols)
        of.append(owners)
    return torch.cat(found), torch.cat(of)


def merge_rows(merges: Any) -> list[Sequence[int]]:
    """Read merges, in an array or a list, as pairs of whole numbers.

    Raises:
        ValueError: one of them is no such pair.
    """
    rows = merges.tolist() if hasattr(merges, "tolist") else list(merges)
    for rank, row in enumerate(rows):
        whole = isinstance(row, list | tuple) and all(type(i) is int for i in row)
        if not whole or len(row) != 2 or max(map(abs, row)) >= NEVER:
            raise ValueError(f"a merge is a pair of ids, got {row!r} at rank {rank}")
    return rows


def refuse_merges(merges: Int[Tensor, "R 2"], n_base: int) -> None:
    """Refuse merges that no training could have found in this order.

    Raises:
        ValueError: a merge joins what does not exist before it, or a pair that an
            earlier merge joins; or the rows are no pairs.
    """
    if merges.ndim != 2 or merges.shape[1] != 2:
        raise ValueError(f"merges must have shape (R, 2), got {tuple(merges.shape)}")
    seen = set()
    for rank, (left, right) in enumerate(merges.tolist()):
        if min(left, right) < 0 or max(left, right) >= n_base + rank:
            raise ValueError(
                f"a merge joins symbols that exist before it, got {[left, right]} "
                f"at rank {rank}"
            )
        if (left, right) in seen:
            raise ValueError(
                f"a pair is merged at one rank only, got {[left, right]} "
                f"again at rank {rank}"
            )
        seen.add((left, right))
