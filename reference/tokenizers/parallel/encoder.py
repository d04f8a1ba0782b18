"""The encoder: many texts at once become ids, by table look-up and by merging.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2, on the
        bytes of pre-tokens as in Radford et al. 2019, section 2.2.
Twin:   torch_impl/tokenizers/parallel/encoder.py
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int, Int32, Int64, UInt8

from reference.tokenizers.parallel.distinct_words import WordCollector
from reference.tokenizers.parallel.merge_rounds import MergeRounds
from reference.tokenizers.parallel.packed_words import LONGEST, pack_words
from reference.tokenizers.parallel.pre_token_starts import pre_token_starts
from reference.tokenizers.parallel.ragged_ranges import ragged_ranges
from reference.tokenizers.parallel.text_chunks import PADDING, SEPARATOR, chunks
from reference.tokenizers.parallel.word_table import NOT_FOUND, WordTable


class Encoder:
    """Most pre-tokens are one token: a table finds these. The others are merged.

    Ids 0..255 are the bytes in the order of `base_bytes`, 256 + r is merge r.

    >>> a, b = 97, 98
    >>> encoder = Encoder(np.array([[a, b], [256, a]]), [*range(256)])
    >>> ids, ends = encoder.encode(["abab", "", "b"])
    >>> ids.tolist(), ends.tolist()
    ([257, 98, 98], [2, 2, 3])
    """

    def __init__(self, merges: Int64[np.ndarray, "R 2"], base_bytes: Sequence[int]):
        self.merge = MergeRounds(merges, n_base=256)
        self.id_of_byte = np.argsort(base_bytes)

    def learn_words(
        self, data: UInt8[np.ndarray, " bytes"], lengths: Int[np.ndarray, " V"]
    ) -> None:
        """Put the tokens that are ids of their own bytes into the table.

        `data` has the bytes of all tokens end to end. Not every token is one: of two
        with the same bytes, or of one that other merges forestall, it is not.
        """
        # 1. Merge the bytes of every token that fits into a packed word.
        starts = np.cumsum(lengths) - lengths
        short = np.flatnonzero(lengths <= LONGEST)
        rows = ragged_ranges(starts[short], lengths[short])
        ids, counts = self.merge(self.id_of_byte[data[rows]], lengths[short])
        firsts = ids[np.cumsum(counts) - counts]

        # 2. Keep those that become themselves, and are UTF-8 at least in this.
        is_itself = short[(counts == 1) & (firsts == short)]
        padded = data.tobytes() + PADDING
        

    def encode(
        self, texts: Iterable[str]
    ) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " B"]]:
        """Turn texts into ids, one row behind the other, and say where each row ends."""
