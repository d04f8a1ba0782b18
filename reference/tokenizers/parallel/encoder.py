"""The encoder: many texts at once become ids, by looking up and by merging.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2, on the
        bytes of pre-tokens as in Radford et al. 2019, section 2.2.
Twin:   torch_impl/tokenizers/parallel/encoder.py
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int, Int32, Int64

from reference.tokenizers.parallel.distinct_words import DistinctWords, WordCollector
from reference.tokenizers.parallel.merge_rounds import MergeRounds
from reference.tokenizers.parallel.packed_words import (
    LONGEST,
    PackedWords,
    join_words,
    pack_words,
)
from reference.tokenizers.parallel.pre_token_ranges import pre_token_ranges
from reference.tokenizers.parallel.ragged_ranges import ragged_ranges
from reference.tokenizers.parallel.text_chunks import PADDING, SEPARATOR, Chunk, chunks
from reference.tokenizers.parallel.word_table import NOT_FOUND, WordTable

SLICE_SIZE = 2**16  # tokens


class Encoder:
    """Most pre-tokens are one token, which a table finds; the others are merged.

    Merge r joins the ids `merges[r]` into 256 + r; `token_bytes[n]` are those of id n.

    >>> a, b = 97, 98
    >>> token_bytes = [bytes([n]) for n in range(256)] + [b"ab", b"aba"]
    >>> encoder = Encoder([(a, b), (256, a)], token_bytes)
    >>> ids, ends = encoder.encode(["aba", "", "b"])
    >>> ids.tolist(), ends.tolist()
    ([257, 98], [1, 1, 2])
    """

    def __init__(self, merges: Sequence[Sequence[int]], token_bytes: Sequence[bytes]):
        self.id_of_byte = np.empty(256, np.int64)
        self.id_of_byte[[byte for (byte,) in token_bytes[:256]]] = np.arange(256)
        self.merge = MergeRounds(merges, n_base=256)
        self.separator = len(token_bytes)  # what the table says of a separator
        self.table = self.make_table(token_bytes[: 256 + len(merges)])

    def make_table(self, token_bytes: Sequence[bytes]) -> WordTable:
        """Put the separator, and all tokens that are whole pre-tokens, into a table.

        It is made of a slice of the tokens at a time, so that it takes little memory.
        """
        separator = PackedWords(np.array([-1]), np.array([-1]))  # 0xFF, filled with it
        ids, words = [np.array([self.separator])], [separator]
        for first in range(0, len(token_bytes), SLICE_SIZE):
            tokens = dict(enumerate(token_bytes[first : first + SLICE_SIZE], first))
            found = self.whole_tokens(tokens)
            ids.append(found[0])
            words.append(found[1])
        return WordTable(join_words(words), np.concatenate(ids).astype(np.int32))

    def whole_tokens(
        self, tokens: Mapping[int, bytes]
    ) -> tuple[Int64[np.ndarray, " W"], PackedWords]:
        """Choose and pack the tokens that merging their own bytes gives.

        Not every token is one: other merges may come first.
        """
        # 1. Merge: the bytes of every token; none with 0xFF is a pre-token.
        short = {
            n: token
            for n, token in tokens.items()
            if len(token) <= LONGEST and SEPARATOR not in token
        }
        codes = np.frombuffer(b"".join(short.values()) + PADDING, np.uint8)
        lengths = np.array([*map(len, short.values())], np.int64)
        bytes_as_ids = self.id_of_byte[codes[: -len(PADDING)]]
        ids, counts = self.merge(bytes_as_ids, lengths)

        # 2. Choose: the tokens that become themselves.
        numbers = np.array([*short], np.int64)
        is_whole = (counts == 1) & (ids[np.cumsum(counts) - counts] == numbers)
        starts = np.cumsum(lengths) - lengths
        words = pack_words(codes, starts[is_whole], lengths[is_whole])
        return numbers[is_whole], words

    def encode(
        self, texts: Iterable[str]
    ) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " B"]]:
        """Give the ids of all texts, one text behind another, and where each ends."""
        # 1. Pre-tokenize: the table numbers the pre-tokens that are one token.
        others, numbers, ends_text = WordCollector(), [], []
        for chunk in chunks(texts):
            numbers.append(self.number_pre_tokens(chunk, others))
            ends_text += chunk.ends_text

        # 2. Merge: each distinct one of the others once.
        distinct = others.distinct()
        merged = self.merge(self.id_of_byte[distinct.data], distinct.lengths)

        # 3. Concatenate: the ids of every pre-token, in the order of the texts.
        ids, ends = self.concatenate(numbers, distinct, *merged)
        return ids, ends[np.array(ends_text, bool)]

    def number_pre_tokens(
        self, chunk: Chunk, others: WordCollector
    ) -> Int32[np.ndarray, " W"]:
        """Number the pre-tokens of a chunk; those that are not found go to `others`."""
        # 1. Pre-tokenize: pack the bytes of every pre-token.
        codes = np.frombuffer(chunk.data, np.uint8)
        starts, lengths = pre_token_ranges(chunk.data, codes, chunk.is_ascii)
        words = pack_words(codes, starts, lengths)

        # 2. Look up: one longer than fits would be found by its beginning.
        numbers = self.table.find(words)
        numbers[lengths > LONGEST] = NOT_FOUND
        rest = np.flatnonzero(numbers == NOT_FOUND)
        others.add(chunk.data, starts[rest], lengths[rest], words.at(rest))
        return numbers

    def concatenate(
        self,
        numbers: Sequence[Int32[np.ndarray, " _"]],
        distinct: DistinctWords,
        merged: Int64[np.ndarray, " M"],
        counts: Int[np.ndarray, " U"],
    ) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " S"]]:
        """Give all ids, and where the piece before every separator ends.

        Distinct word u has `counts[u]` of the ids in `merged`. All is done chunk by
        chunk, in the cache.
        """
        firsts = np.cumsum(counts) - counts
        rows, ends, n_ids, n_words = [merged[:0]], [counts[:0]], 0, 0
        for number in numbers:
            # 1. Count: the ids of every pre-token, one or several; of a separator none.
            rest = np.flatnonzero(number == NOT_FOUND)
            word = distinct.which[n_words : n_words + len(rest)]
            separators = np.flatnonzero(number == self.separator)
            sizes = np.ones(len(number), np.intp)
            sizes[rest], sizes[separators] = counts[word], 0

            # 2. Repeat: the number so often; where none was found, put merged ids.
            ids = np.repeat(number, sizes)
            several = ragged_ranges(firsts[word], counts[word])
            ids[np.flatnonzero(ids == NOT_FOUND)] = merged[several]
            rows.append(ids)
            ends.append(n_ids + np.cumsum(sizes)[separators])
            n_ids, n_words = n_ids + len(ids), n_words + len(rest)
        return np.concatenate(rows, dtype=np.int64), np.concatenate(ends)
