"""Training: the most frequent pair of adjacent tokens is merged, again and again.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1.
Twin:   reference/tokenizers/parallel/train_merges.py
"""

from bisect import bisect_right
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Int64
from torch import Tensor

from torch_impl.tokenizers.byte_vocabulary import (
    GPT2_BYTES,
    MAX_TOKEN_BYTES,
    MAX_VOCABULARY_BYTES,
)
from torch_impl.tokenizers.parallel.byte_classes import bytes_tensor
from torch_impl.tokenizers.parallel.distinct_words import DistinctWords, WordCollector
from torch_impl.tokenizers.parallel.packed_words import pack_words
from torch_impl.tokenizers.parallel.pair_counts import PairCounts
from torch_impl.tokenizers.parallel.pre_token_ranges import pre_token_ranges
from torch_impl.tokenizers.parallel.ragged_ranges import ragged_ranges
from torch_impl.tokenizers.parallel.text_chunks import SEPARATOR, chunks


def train_merges(
    texts: Iterable[str], n_merges: int, tie_break: str = "bytes"
) -> Int64[Tensor, "R 2"]:
    """Find up to `n_merges` merges in texts, fewer if no pair is left.

    Tokens 0..255 are the bytes; merge r makes token 256 + r.

    >>> train_merges(["abab cab"], n_merges=2).tolist()
    [[97, 98], [32, 99]]
    """
    order = TieOrder(tie_break)

    # 1. Pre-tokenize: each distinct pre-token once, and how often it occurs.
    words = distinct_pre_tokens(texts)
    word_counts = words.which.bincount(minlength=len(words.lengths))
    n_merges = min(n_merges, len(words.data))  # each merge takes a token away

    # 2. Count: every pair of adjacent tokens, within pre-tokens only.
    pairs = PairCounts(words.data.long(), words.lengths, word_counts)
    merges = word_counts.new_zeros(n_merges, 2)
    sizes, n_bytes = [1] * 256, 256  # of every token, of all

    for rank in range(n_merges):
        # 3. Choose: the most frequent pair; of equals, the first by `tie_break`.
        counts = pairs.counts[: pairs.n_pairs + 1]  # the last is zero
        most = counts.max()
        if most == 0:
            return merges[:rank]
        pair = order.first_of((counts == most).nonzero().flatten(), pairs)
        merges[rank] = torch.stack([pairs.lefts[pair], pairs.rights[pair]])

        # 4. Merge: everywhere, and count again what that changes.
        pairs.merge(pair, 256 + rank)
        left, right = merges[rank].tolist()
        sizes.append(sizes[left] + sizes[right])
        n_bytes += sizes[-1]
        if sizes[-1] > MAX_TOKEN_BYTES or n_bytes > MAX_VOCABULARY_BYTES:
            return merges[: rank + 1]  # too many bytes, as the constructor will say
        order.add(left, right)
    return merges


def distinct_pre_tokens(texts: Iterable[str]) -> DistinctWords:
    """Give each distinct pre-token once, in the order in which they first occur."""
    words = WordCollector()
    for chunk in chunks(texts):
        codes = bytes_tensor(chunk.data)
        starts, lengths = pre_token_ranges(chunk.data, codes, chunk.is_ascii)
        at = (codes[starts] != SEPARATOR[0]).nonzero().flatten()
        starts, lengths = starts[at], lengths[at]
        words.add(chunk.data, starts, lengths, pack_words(codes, starts, lengths))
    return words.distinct()


class TieOrder:
    """The order of pairs that are equally frequent, for `tie_break` as in training.

    All but "first_seen" compare the places of the left tokens, then of the right. For
    "bytes" tokens are in the order of their bytes, of equal ones the older first:

    >>> order = TieOrder("bytes")
    >>> order.add(ord("a"), ord("b"))
    >>> order.place[[ord("a"), 256, ord("b")]].tolist()  # "a" < "ab" < "b"
    [97, 98, 99]
    """

    def __init__(self, tie_break: str):
        self.tie_break = tie_break
        self.place = torch.arange(256)
        if tie_break == "hugging_face":
            self.place[list(GPT2_BYTES)] = torch.arange(256)
        self.token_bytes = [bytes([byte]) for byte in range(256)]
        self.in_order = sorted(self.token_bytes)

    def first_of(self, ties: Int64[Tensor, " P"], pairs: PairCounts) -> int:
        """Return the first of several pairs."""
        if len(ties) == 1:
            return int(ties[0])
        if self.tie_break == "first_seen":
            starts, sizes = pairs.ends[ties], pairs.ends[ties + 1] - pairs.ends[ties]
            positions = pairs.positions[ragged_ranges(starts, sizes)]
            present = pairs.pair_at[positions] == ties.repeat_interleave(sizes)
            return int(pairs.pair_at[positions[present].min()])
        lefts, rights = self.place[pairs.lefts[ties]], self.place[pairs.rights[ties]]
        return int(ties[(lefts * len(self.place) + rights).argmin()])

    def add(self, left: int, right: int) -> None:
        """Add the token that joins two."""
        at = len(self.place)
        if self.tie_break == "bytes":
            new = self.token_bytes[left] + self.token_bytes[right]
            at = bisect_right(self.in_order, new)
            self.token_bytes.append(new)
            self.in_order.insert(at, new)
            self.place += self.place >= at
        self.place = F.pad(self.place, (0, 1), value=at)
