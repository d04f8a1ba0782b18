"""Word table: which of the known words is it? One probe, exact, all words at once.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: a hash finds
        the candidate, a comparison decides.
Twin:   torch_impl/tokenizers/parallel/word_table.py
"""

import numpy as np
from jaxtyping import Int32, Int64

from reference.tokenizers.parallel.packed_words import PackedWords, hash_words

NOT_FOUND = -1


class WordTable:
    """Known words, each with a number, in a table that has one word a slot.

    A word whose slot an earlier one has taken is left out, so the table is a fast
    first look and no dictionary: what it finds is right, for words are compared, and
    what it does not find is encoded by merging, which gives the same ids.

    >>> numbers = np.array([5, 7])
    >>> words = PackedWords(numbers, numbers)
    >>> table = WordTable(words, np.array([30, 40], np.int32))
    >>> table.find(PackedWords(numbers, np.array([5, 8]))).tolist()
    [30, -1]
    """

    def __init__(self, words: PackedWords, numbers: Int32[np.ndarray, " W"]):
        self.bits = len(numbers).bit_length() + 1  # a quarter of the slots is used
        slots = hash_words(words, self.bits)
        first = first_of_slot(slots, 2**self.bits)
        first[first == len(numbers)] = 0  # the first word stands in empty slots
        self.words = words.at(first)
        self.numbers = numbers[first]

    def find(self, words: PackedWords) -> Int32[np.ndarray, " W"]:
        """Give the number of every word, `NOT_FOUND` if its slot has another one."""
        slots = hash_words(words, self.bits)
        found = self.words.at(slots)
        differs = (found.low ^ words.low) | (found.high ^ words.high)
        numbers = self.numbers.take(slots)
        numbers[differs != 0] = NOT_FOUND
        return numbers


def first_of_slot(
    slots: Int64[np.ndarray, " W"], n_slots: int
) -> Int64[np.ndarray, " S"]:
    """Say for every slot which is the first word in it; W for an empty one.

    >>> first_of_slot(np.array([2, 0, 2]), n_slots=4)
    array([1, 3, 0, 3])
    """
    first = np.full(n_slots, len(slots))
    places = np.arange(len(slots))
    first[slots[::-1]] = places[::-1]  # what is written last stays
    return first
