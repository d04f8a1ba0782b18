"""Word table: which of the known words is it? One probe, exact, all words at once.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: a hash finds
        the candidate, a comparison decides.
Twin:   reference/tokenizers/parallel/word_table.py
"""

import torch
from jaxtyping import Int32, Int64
from torch import Tensor, nn

from torch_impl.tokenizers.parallel.packed_words import PackedWords, hash_words

NOT_FOUND = -1


class WordTable(nn.Module):
    """Known words, each with a number, in a table that has one word a slot.

    A word whose slot an earlier one has taken is left out, so the table is a fast
    first look and no dictionary: what it finds is right, for words are compared, and
    what it does not find is encoded by merging, which gives the same ids.

    >>> numbers = torch.tensor([5, 7])
    >>> table = WordTable(PackedWords(numbers, numbers), torch.tensor([30, 40]).int())
    >>> table.find(PackedWords(numbers, torch.tensor([5, 8]))).tolist()
    [30, -1]
    """

    def __init__(self, words: PackedWords, numbers: Int32[Tensor, " W"]):
        super().__init__()
        self.bits = len(numbers).bit_length() + 1  # a quarter of the slots is used
        first = first_of_slot(hash_words(words, self.bits), 2**self.bits)
        first[first == len(numbers)] = 0  # the first word stands in empty slots
        self.low = nn.Buffer(words.low[first], persistent=False)
        self.high = nn.Buffer(words.high[first], persistent=False)
        self.numbers = nn.Buffer(numbers[first], persistent=False)

    def find(self, words: PackedWords) -> Int32[Tensor, " W"]:
        """Give the number of every word, `NOT_FOUND` if its slot has another one."""
        slots = hash_words(words, self.bits)
        found = PackedWords(self.low, self.high).at(slots)
        differs = (found.low ^ words.low) | (found.high ^ words.high)
        numbers = self.numbers.index_select(0, slots)
        return numbers.masked_fill(differs != 0, NOT_FOUND)


def first_of_slot(slots: Int64[Tensor, " W"], n_slots: int) -> Int64[Tensor, " S"]:
    """Say for every slot which is the first word in it; W for an empty one.

    >>> first_of_slot(torch.tensor([2, 0, 2]), n_slots=4)
    tensor([1, 3, 0, 3])
    """
    places = torch.arange(len(slots), device=slots.device)
    empty = slots.new_full((n_slots,), len(slots))
    return empty.scatter_reduce(0, slots, places, "amin")
