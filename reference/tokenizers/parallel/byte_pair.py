"""Byte-pair encoding as an array program: all pre-tokens of all texts at once.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, on bytes
        as in Radford et al. 2019, "Language Models are Unsupervised Multitask
        Learners", section 2.2.
Twin:   torch_impl/tokenizers/parallel/byte_pair.py
Slow:   reference/tokenizers/byte_pair.py is the definition: this gives the same ids.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int

from reference.tokenizers import byte_vocabulary as vocabulary
from reference.tokenizers.byte_pair import BytePairTokenizer
from reference.tokenizers.parallel.encoder import Encoder
from reference.tokenizers.parallel.train_merges import train_merges
from reference.tokenizers.pretokenize import Names, cut_at_special_tokens
from reference.tokenizers.tokenizer import check_list, check_text


class ParallelBytePairTokenizer(BytePairTokenizer):
    """The same tokenizer, but encoding and training are array programs.

    >>> tokenizer = ParallelBytePairTokenizer.from_text("low lower lowest", 258)
    >>> tokenizer.merges  # "l" "o" -> 256, then "lo" "w" -> 257
    [(108, 111), (256, 119)]
    >>> tokenizer.encode_batch(["slow", "", "low"])
    [array([115, 257]), array([], dtype=int64), array([257])]
    >>> tokenizer.decode([115, 257])
    'slow'
    """

    def __init__(
        self,
        merges: Int[np.ndarray, "R 2"] | Sequence[Sequence[int]],
        special_tokens: Sequence[str] = (),
        base_bytes: Int[np.ndarray, "256"] | Sequence[int] = range(256),
    ):
        super().__init__(merges, special_tokens, base_bytes)
        pairs = self.merges
        self.encoder = Encoder(pairs, self.token_bytes)

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        tie_break: str = "bytes",
    ) -> "ParallelBytePairTokenizer":
        """Train: learn merges until there are `vocab_size` ids, or no pair is left.

        No merge reaches across two texts; a special token in them is plain text.
        """
        n_merges = vocabulary.count_merges(vocab_size, special_tokens, tie_break)
        checked = map(check_text, check_list("texts", texts))
        return cls(train_merges(checked, n_merges, tie_break), special_tokens)

    def encode(
        self,
        text: str,
        allowed_special: Names = (),
        disallowed_special: Names = "all",
    ) -> Int[np.ndarray, " N"]:
        """Turn a text into ids.

        A special token in it is one id if it is in `allowed_special`, plain text if it
        is in neither set, else a ValueError. "all" disallows all that are not allowed.
        """
        try:
            # 1. Special tokens: cut the text at those that are allowed.
            parts = cut_at_special_tokens(
                text, self.special_tokens, allowed_special, disallowed_special
            )

            # 2. Encode: the parts are texts of their own.
            ids, ends = self.encoder.encode(plain for plain, _ in parts)
        except (AttributeError, TypeError, ValueError):
            check_text(text)  # afterwards, for it takes as long as a fifth of encoding
            raise

        # 3. Insert: the id of the special token that follows each part.
        special_ids = [special_id for _, following in parts for special_id in following]
        if special_ids:
            ids = np.insert(ids, ends[:-1], special_ids)
        return ids

    def encode_batch(self, texts: Iterable[str]) -> list[Int[np.ndarray, " N"]]:
        """Encode many texts at once; an empty text gives an empty row."""
        # 1. Special tokens: a text must not hold any.
        checked = map(check_text, check_list("texts", texts))
        parts = (
            cut_at_special_tokens(text, self.special_tokens, (), "all")
            for text in checked
        )

        # 2. Encode: all texts at once, and cut the ids where a text ends.
        ids, ends = self.encoder.encode(plain for ((plain, _),) in parts)
        return np.split(ids, ends)[:-1]
