"""Distinct words: each different word of a text once, and which one every word is.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: a hash finds
        the candidate, a comparison decides.
Twin:   reference/tokenizers/parallel/distinct_words.py
"""

from typing import NamedTuple

import torch
from jaxtyping import Int64, UInt8
from torch import Tensor

from torch_impl.tokenizers.parallel.byte_classes import bytes_tensor
from torch_impl.tokenizers.parallel.packed_words import (
    LONGEST,
    PackedWords,
    hash_words,
    join_words,
    unpack_words,
)
from torch_impl.tokenizers.parallel.ragged_ranges import ragged_ranges
from torch_impl.tokenizers.parallel.word_table import first_of_slot

LONG = 0xFF  # stands for `high` of a longer word: in a packed one 0xFF only follows


class DistinctWords(NamedTuple):
    """Different words, in the order in which they first occur."""

    data: UInt8[Tensor, " bytes"]  # of all of them, end to end
    lengths: Int64[Tensor, " U"]  # in bytes
    which: Int64[Tensor, " W"]  # of the distinct words every word is


class WordCollector:
    """Gathers words chunk by chunk.

    Words of more than 16 bytes are so rare that a dictionary may number them: they
    become packed words of their own kind, a number and the mark `LONG`.

    >>> from torch_impl.tokenizers.parallel.packed_words import pack_words
    >>> collector = WordCollector()
    >>> for data in (b"abab" + bytes(16), b"ccab" + bytes(16)):
    ...     starts, lengths = torch.tensor([0, 2]), torch.tensor([2, 2])
    ...     words = pack_words(bytes_tensor(data), starts, lengths)
    ...     collector.add(data, starts, lengths, words)
    >>> distinct = collector.distinct()
    >>> bytes(distinct.data.tolist()), distinct.lengths, distinct.which
    (b'abcc', tensor([2, 2]), tensor([0, 0, 1, 0]))
    """

    def __init__(self) -> None:
        self.gathered: list[PackedWords] = []
        self.long_words: dict[bytes, int] = {}

    def add(
        self,
        data: bytes,
        starts: Int64[Tensor, " W"],
        lengths: Int64[Tensor, " W"],
        words: PackedWords,
    ) -> None:
        """Add words that stand in `data`, and are packed; the tensors change."""
        long = (lengths > LONGEST).nonzero().flatten()
        found = [
            data[start : start + length]
            for start, length in zip(
                starts[long].tolist(), lengths[long].tolist(), strict=True
            )
        ]
        ids = [self.long_words.setdefault(word, len(self.long_words)) for word in found]
        words.low[long] = words.low.new_tensor(ids)
        words.high[long] = LONG
        self.gathered.append(words)

    def distinct(self) -> DistinctWords:
        """Give each distinct word once."""
        # 1. Number: equal words have equal numbers.
        words = join_words(self.gathered)
        firsts, which = number_words(words)
        words = words.at(firsts)

        # 2. Measure: how many bytes each distinct word has.
        table = unpack_words(words)  # (U, 16)
        long = words.high == LONG
        inside = (table != 0xFF) & ~long[:, None]
        lengths = inside.sum(1)
        spelled = [*self.long_words]
        long_words = [spelled[number] for number in words.low[long].tolist()]
        lengths[long] = lengths.new_tensor([len(word) for word in long_words])

        # 3. Join: the bytes of all distinct words, end to end.
        starts = lengths.cumsum(0) - lengths
        data = table.new_empty(int(lengths.sum()))
        data[ragged_ranges(starts[~long], lengths[~long])] = table[inside]
        rows = ragged_ranges(starts[long], lengths[long])
        data[rows] = bytes_tensor(b"".join(long_words)).to(data.device)
        return DistinctWords(data, lengths, which)


def number_words(
    words: PackedWords,
) -> tuple[Int64[Tensor, " U"], Int64[Tensor, " W"]]:
    """Find where each distinct word first occurs, and which one every word is.

    >>> numbers = torch.tensor([7, 5, 7])
    >>> number_words(PackedWords(numbers, numbers))
    (tensor([0, 1]), tensor([0, 1, 0]))
    """
    places = torch.arange(len(words.low), device=words.low.device)
    first_equal, waiting, salt = places.clone(), places, 0

    while len(waiting) > 0:
        # 1. Own: the first word of every slot owns it.
        asked = words.at(waiting)
        bits = len(waiting).bit_length() + 1
        slots = hash_words(asked, bits, salt)
        owners = waiting[first_of_slot(slots, 2**bits).index_select(0, slots)]

        # 2. Settle: what equals the owner is done; other words get another hash.
        found = words.at(owners)
        same = (found.low == asked.low) & (found.high == asked.high)
        first_equal[waiting[same]] = owners[same]
        waiting, salt = waiting[~same], salt + 1

    # 3. Number: distinct words in the order in which they first occur.
    is_first = first_equal == places
    number = is_first.cumsum(0) - 1
    return is_first.nonzero().flatten(), number[first_equal]
