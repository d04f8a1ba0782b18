"""Distinct words: each different word of a text once, and which one every word is.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: a hash finds
        the candidate, a comparison decides.
Twin:   torch_impl/tokenizers/parallel/distinct_words.py
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from reference.tokenizers.parallel.packed_words import (
    LONGEST,
    PackedWords,
    hash_words,
    join_words,
    unpack_words,
)
from reference.tokenizers.parallel.ragged_ranges import ragged_ranges
from reference.tokenizers.parallel.word_table import first_of_slot

LONG = 0xFF  # stands for `high` of a longer word: in a packed one 0xFF only follows


class DistinctWords(NamedTuple):
    """Different words, in the order in which they first occur."""

    data: UInt8[np.ndarray, " bytes"]  # of all of them, end to end
    lengths: Int[np.ndarray, " U"]  # in bytes
    which: Int[np.ndarray, " W"]  # of the distinct words every word is


class WordCollector:
    """Gathers words chunk by chunk.

    Words of more than 16 bytes are so rare that a dictionary may number them: they
    become packed words of their own kind, a number and the mark `LONG`.

    >>> from reference.tokenizers.parallel.packed_words import pack_words
    >>> collector = WordCollector()
    >>> for data in (b"abab" + bytes(16), b"ccab" + bytes(16)):
    ...     starts, lengths = np.array([0, 2]), np.array([2, 2])
    ...     words = pack_words(np.frombuffer(data, np.uint8), starts, lengths)
    ...     collector.add(data, starts, lengths, words)
    >>> distinct = collector.distinct()
    >>> distinct.data.tobytes(), distinct.lengths.tolist(), distinct.which.tolist()
    (b'abcc', [2, 2], [0, 0, 1, 0])
    """

    def __init__(self) -> None:
        self.gathered: list[PackedWords] = []
        self.long_words: dict[bytes, int] = {}

    def add(
        self,
        data: bytes,
        starts: Int[np.ndarray, " W"],
        lengths: Int[np.ndarray, " W"],
        words: PackedWords,
    ) -> None:
        """Add words that stand in `data`, and are packed; the arrays change."""
        long = np.flatnonzero(lengths > LONGEST)
        for n, start, length in zip(
            long.tolist(), starts[long].tolist(), lengths[long].tolist(), strict=True
        ):
            word = data[start : start + length]
            words.low[n] = self.long_words.setdefault(word, len(self.long_words))
            words.high[n] = LONG
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
        lengths[long] = [len(word) for word in long_words]

        # 3. Join: the bytes of all distinct words, end to end.
        starts = np.cumsum(lengths) - lengths
        data = np.empty(lengths.sum(), np.uint8)
        data[ragged_ranges(starts[~long], lengths[~long])] = table[inside]
        rows = ragged_ranges(starts[long], lengths[long])
        data[rows] = np.frombuffer(b"".join(long_words), np.uint8)
        return DistinctWords(data, lengths, which)


def number_words(
    words: PackedWords,
) -> tuple[Int[np.ndarray, " U"], Int[np.ndarray, " W"]]:
    """Find where each distinct word first occurs, and which one every word is.

    >>> numbers = np.array([7, 5, 7])
    >>> number_words(PackedWords(numbers, numbers))
    (array([0, 1]), array([0, 1, 0]))
    """
    places = np.arange(len(words.low))
    first_equal, waiting, salt = places.copy(), places, 0

    while len(waiting) > 0:
        # 1. Own: the first word of every slot owns it.
        asked = words.at(waiting)
        bits = len(waiting).bit_length() + 1
        slots = hash_words(asked, bits, salt)
        owners = waiting[first_of_slot(slots, 2**bits).take(slots)]

        # 2. Settle: what equals the owner is done; other words get another hash.
        found = words.at(owners)
        same = (found.low == asked.low) & (found.high == asked.high)
        first_equal[waiting[same]] = owners[same]
        waiting, salt = waiting[~same], salt + 1

    # 3. Number: distinct words in the order in which they first occur.
    is_first = first_equal == places
    number = np.cumsum(is_first) - 1
    return np.flatnonzero(is_first), number[first_equal]
