"""Word table: which of the known words is it? One probe, exact, all words at once.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: a hash finds
        the candidate, a comparison decides.
Twin:   torch_impl/tokenizers/parallel/word_table.py
"""

import numpy as np
from jaxtyping import Int32

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
        first = np.zeros(2**self.bits, np.intp)  # the first word stands in empty slots
        first[slots[::-1]] = np.arange(len(slots))[::-1]  # what is written last stays
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
