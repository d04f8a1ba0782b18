"""Learn merges: join the commonest pair of neighbours, again and again.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1.
Twin:   reference/tokenizers/train_merges.py
"""

from bisect import bisect_right

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from torch_impl.tokenizers.byte_words import byte_words
from torch_impl.tokenizers.lexicon import distinct
from torch_impl.tokenizers.pair_counts import PairCounts
from torch_impl.tokenizers.spans import span_places
from torch_impl.tokenizers.spelling import spell

TIE_BREAKS = ("bytes", "first_seen", "pair_id")


def train_merges(
    points: Int[Tensor, " N"], n_merges: int, tie_break: str = "bytes"
) -> Int[Tensor, "R 2"]:
    """Find up to `n_merges` merges in a text, fewer if no pair is left.

    Symbols 0..255 are the bytes; merge r makes symbol 256 + r. Of pairs that are
    equally common, `tie_break` takes

    * "bytes": the one with the smaller bytes on its left, then on its right, then
      the older one; the order of the text plays no part;
    * "first_seen": the one that stands first in the text as it is by then;
    * "pair_id": the one with the smaller left symbol, then right symbol.

    >>> train_merges(torch.tensor([ord(c) for c in "abab cab"]), n_merges=2).tolist()
    [[97, 98], [32, 99]]

    Raises:
        ValueError: there is no such `tie_break`.
    """
    if tie_break not in TIE_BREAKS:
        raise ValueError(f"tie_break must be one of {TIE_BREAKS}, got {tie_break!r}")

    # 1. Count every different word of the text.
    data, lengths, word_counts = count_words(points)
    n_merges = min(n_merges, len(data))  # each merge takes a symbol away

    # 2. Count the pairs of neighbours in them.
    itself = torch.arange(len(lengths), device=lengths.device)
    word_of = itself.repeat_interleave(lengths)
    pairs = PairCounts(data.to(torch.int64), word_of, word_counts)
    alphabet = Alphabet(256 + n_merges, points.device)
    merges = points.new_zeros(n_merges, 2)

    for rank in range(n_merges):
        # 3. Choose the commonest pair; stop when there is none.
        counts = pairs.counts[: pairs.n_pairs + 1]  # the last is zero
        most = counts.max()
        if most == 0:
            return merges[:rank]
        commonest = (counts == most).nonzero().flatten()
        pair = int(commonest[0])
        if len(commonest) > 1:
            pair = choose(pairs, commonest, alphabet, tie_break)
        merges[rank] = torch.stack([pairs.lefts[pair], pairs.rights[pair]])

        # 4. Merge it everywhere, and count again what that changes.
        pairs.merge(pair, 256 + rank)
        alphabet.add(*merges[rank].tolist())
    return merges


def count_words(
    points: Int[Tensor, " N"],
) -> tuple[UInt8[Tensor, " bytes"], Int[Tensor, " U"], Int[Tensor, " U"]]:
    """Give each different word's bytes (end to end), how many, and how often it is."""
    # 1. Cut the text into words of bytes.
    data, begins, lengths = byte_words(points)

    # 2. Keep each different word once, in the order in which they come.
    firsts, which = distinct(spell(data, begins, lengths))
    word_counts = which.bincount()
    lengths = lengths[firsts]
    return data[span_places(begins[firsts], lengths)], lengths, word_counts


def choose(
    pairs: PairCounts,
    commonest: Int[Tensor, " P"],
    alphabet: "Alphabet",
    tie_break: str,
) -> int:
    """Choose one of several pairs that are equally common."""
    if tie_break == "first_seen":  # pair -1, which is none, reads the last of `wanted`
        wanted = torch.zeros_like(pairs.counts[: pairs.n_pairs + 1], dtype=torch.bool)
        wanted[commonest] = True
        first = wanted[pairs.pair_at].to(torch.uint8).argmax()
        return int(pairs.pair_at[first])
    lefts, rights = pairs.lefts[commonest], pairs.rights[commonest]
    if tie_break == "bytes":
        lefts, rights = alphabet.place[lefts], alphabet.place[rights]
    return int(commonest[(lefts * len(alphabet.place) + rights).argmin()])


class Alphabet:
    """Symbols in the order of their bytes; of equal ones the older comes first.

    >>> alphabet = Alphabet(room=257, device=torch.device("cpu"))
    >>> alphabet.add(ord("a"), ord("b"))
    >>> alphabet.place[[ord("a"), 256, ord("b")]]  # "a" < "ab" < "b"
    tensor([97, 98, 99])
    """

    def __init__(self, room: int, device: torch.device):
        self.spelled = [bytes([byte]) for byte in range(256)]
        self.arranged = sorted(self.spelled)
        self.place = torch.arange(room, device=device)

    def add(self, left: int, right: int) -> None:
        """Add the symbol that joins `left` and `right`."""
        new = self.spelled[left] + self.spelled[right]
        at = bisect_right(self.arranged, new)
        n_symbols = len(self.spelled)
        self.place[:n_symbols] += self.place[:n_symbols] >= at
        self.place[n_symbols] = at
        self.spelled.append(new)
        self.arranged.insert(at, new)
