"""The encoder: many texts at once become ids, by looking up and by merging.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2, on the
        bytes of pre-tokens as in Radford et al. 2019, section 2.2.
Twin:   reference/tokenizers/parallel/encoder.py
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Int32, Int64
from torch import Tensor, nn

from torch_impl.tokenizers.parallel.byte_classes import bytes_tensor
from torch_impl.tokenizers.parallel.distinct_words import DistinctWords, WordCollector
from torch_impl.tokenizers.parallel.merge_rounds import MergeRounds
from torch_impl.tokenizers.parallel.packed_words import (
    LONGEST,
    PackedWords,
    join_words,
    pack_words,
)
from torch_impl.tokenizers.parallel.pre_token_ranges import pre_token_ranges
from torch_impl.tokenizers.parallel.ragged_ranges import ragged_ranges
from torch_impl.tokenizers.parallel.text_chunks import PADDING, SEPARATOR, Chunk, chunks
from torch_impl.tokenizers.parallel.word_table import NOT_FOUND, WordTable

SLICE_SIZE = 2**16  # tokens


class Encoder(nn.Module):
    """Most pre-tokens are one token, which a table finds; the others are merged.

    Merge r joins the ids `merges[r]` into 256 + r; `token_bytes[n]` are those of id n.

    >>> a, b = 97, 98
    >>> token_bytes = [bytes([n]) for n in range(256)] + [b"ab", b"aba"]
    >>> encoder = Encoder([(a, b), (256, a)], token_bytes)
    >>> encoder(["aba", "", "b"])
    (tensor([257,  98]), tensor([1, 1, 2]))
    """

    def __init__(self, merges: Sequence[Sequence[int]], token_bytes: Sequence[bytes]):
        super().__init__()
        base_bytes = torch.tensor([byte for (byte,) in token_bytes[:256]])
        self.id_of_byte = nn.Buffer(base_bytes.argsort(), persistent=False)
        self.merge = MergeRounds(merges, n_base=256)
        self.separator = len(token_bytes)  # what the table says of a separator
        self.table = self.make_table(token_bytes[: 256 + len(merges)])

    def make_table(self, token_bytes: Sequence[bytes]) -> WordTable:
        """Put the separator, and all tokens that are whole pre-tokens, into a table.

        It is made of a slice of the tokens at a time, so that it takes little memory.
        """
        full = self.id_of_byte.new_tensor([-1])
        separator = PackedWords(full, full)  # 0xFF, filled with it
        ids, words = [self.id_of_byte.new_tensor([self.separator])], [separator]
        for first in range(0, len(token_bytes), SLICE_SIZE):
            tokens = dict(enumerate(token_bytes[first : first + SLICE_SIZE], first))
            found = self.whole_tokens(tokens)
            ids.append(found[0])
            words.append(found[1])
        return WordTable(join_words(words), torch.cat(ids).int())

    def whole_tokens(
        self, tokens: Mapping[int, bytes]
    ) -> tuple[Int64[Tensor, " W"], PackedWords]:
        """Choose and pack the tokens that merging their own bytes gives.

        Not every token is one: other merges may come first.
        """
        # 1. Merge: the bytes of every token; none with 0xFF is a pre-token.
        short = {
            n: token
            for n, token in tokens.items()
            if len(token) <= LONGEST and SEPARATOR not in token
        }
        device = self.id_of_byte.device
        codes = bytes_tensor(b"".join(short.values()) + PADDING).to(device)
        lengths = self.id_of_byte.new_tensor([*map(len, short.values())])
        bytes_as_ids = self.id_of_byte.index_select(0, codes[: -len(PADDING)].int())
        ids, counts = self.merge(bytes_as_ids, lengths)

        # 2. Choose: the tokens that become themselves.
        numbers = self.id_of_byte.new_tensor([*short])
        is_whole = (counts == 1) & (ids[counts.cumsum(0) - counts] == numbers)
        starts = lengths.cumsum(0) - lengths
        words = pack_words(codes, starts[is_whole], lengths[is_whole])
        return numbers[is_whole], words

    def forward(
        self, texts: Iterable[str]
    ) -> tuple[Int64[Tensor, " N"], Int64[Tensor, " B"]]:
        """Give the ids of all texts, one text behind another, and where each ends."""
        # 1. Pre-tokenize: the table numbers the pre-tokens that are one token.
        others, numbers, ends_text = WordCollector(), [], []
        for chunk in chunks(texts):
            numbers.append(self.number_pre_tokens(chunk, others))
            ends_text += chunk.ends_text

        # 2. Merge: each distinct one of the others once.
        distinct = others.distinct()
        codes = self.id_of_byte.index_select(0, distinct.data.int())
        merged, counts = self.merge(codes, distinct.lengths)

        # 3. Concatenate: the ids of every pre-token, in the order of the texts.
        ids, ends = self.concatenate(numbers, distinct, merged, counts)
        return ids, ends[torch.tensor(ends_text, dtype=torch.bool, device=ends.device)]

    def number_pre_tokens(
        self, chunk: Chunk, others: WordCollector
    ) -> Int32[Tensor, " W"]:
        """Number the pre-tokens of a chunk; those that are not found go to `others`."""
        # 1. Pre-tokenize: pack the bytes of every pre-token.
        codes = bytes_tensor(chunk.data).to(self.id_of_byte.device)
        starts, lengths = pre_token_ranges(chunk.data, codes, chunk.is_ascii)
        words = pack_words(codes, starts, lengths)

        # 2. Look up: one longer than fits would be found by its beginning.
        numbers = self.table.find(words)
        numbers[lengths > LONGEST] = NOT_FOUND
        rest = (numbers == NOT_FOUND).nonzero().flatten()
        others.add(chunk.data, starts[rest], lengths[rest], words.at(rest))
        return numbers

    def concatenate(
        self,
        numbers: Sequence[Int32[Tensor, " _"]],
        distinct: DistinctWords,
        merged: Int64[Tensor, " M"],
        counts: Int64[Tensor, " U"],
    ) -> tuple[Int64[Tensor, " N"], Int64[Tensor, " S"]]:
        """Give all ids, and where the piece before every separator ends.

        Distinct word u has `counts[u]` of the ids in `merged`. All is done chunk by
        chunk, in the cache.
        """
        firsts = counts.cumsum(0) - counts
        rows, ends, n_ids, n_words = [merged[:0]], [counts[:0]], 0, 0
        for number in numbers:
            # 1. Count: the ids of every pre-token, one or several; of a separator none.
            rest = (number == NOT_FOUND).nonzero().flatten()
            word = distinct.which[n_words : n_words + len(rest)]
            separators = (number == self.separator).nonzero().flatten()
            sizes = torch.ones_like(number, dtype=torch.int64)
            sizes[rest], sizes[separators] = counts.index_select(0, word), 0

            # 2. Repeat: the number so often; where none was found, put merged ids.
            ids = number.repeat_interleave(sizes)
            several = ragged_ranges(firsts[word], counts[word])
            found = merged.index_select(0, several).int()
            ids.masked_scatter_(ids == NOT_FOUND, found)
            rows.append(ids)
            ends.append(n_ids + sizes.cumsum(0)[separators])
            n_ids, n_words = n_ids + len(ids), n_words + len(rest)
        return torch.cat(rows), torch.cat(ends)
