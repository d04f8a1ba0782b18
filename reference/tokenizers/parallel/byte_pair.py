"""Byte-pair encoding as an array program: all pre-tokens of all texts at once.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, on the
        bytes of pre-tokens as in Radford et al. 2019, "Language Models are
        Unsupervised Multitask Learners", section 2.2.
Twin:   torch_impl/tokenizers/parallel/byte_pair.py
Slow:   reference/tokenizers/byte_pair.py gives the same ids, and is the definition.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
from jaxtyping import Int

from reference.tokenizers import byte_vocabulary
from reference.tokenizers.parallel.encoder import Encoder
from reference.tokenizers.parallel.train_merges import train_merges
from reference.tokenizers.pretokenize import cut_at_special_tokens
from reference.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text


def check_texts(texts: Iterable[str]) -> Iterator[str]:
    """Yield texts, each of them checked."""
    for text in check_list("texts", texts):
        check_text(text)
        yield text


class ParallelBytePairTokenizer(Tokenizer):
    """Ids 0..255 are the bytes, 256 + r is merge r, then come the special tokens.

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
        base_bytes: Int[np.ndarray, "256"] | Sequence[int] = range(256),  # of ids 0..255
    ):
        pairs = [*check_list("merges", merges)]
        names = [*check_list("special_tokens", special_tokens)]
        self.base_bytes = [*check_list("base_bytes", base_bytes)]
        self.token_bytes = byte_vocabulary.join_bytes(pairs, names, self.base_bytes)
        self.vocab_size = len(self.token_bytes)
        self.merges = [(left, right) for left, right in pairs]
        self.special_tokens = dict(zip(names, count(256 + len(pairs)), strict=False))
        self.encoder = Encoder(self.merges, self.token_bytes)

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
        n_merges = byte_vocabulary.count_merges(vocab_size, special_tokens, tie_break)
        merges = train_merges(check_texts(texts), n_merges, tie_break)
        return cls(merges.tolist(), special_tokens)

    @classmethod
    def gpt2(cls) -> "ParallelBytePairTokenizer":
        """Return GPT-2's own tokenizer, with its 50,257 ids."""
        merges = byte_vocabulary.read_gpt2_merges()
        return cls(merges, ["<|endoftext|>"], byte_vocabulary.GPT2_BYTES)

    def encode(
        self,
        text: str,
        allowed_special: Collection[str] = (),
        disallowed_special: Collection[str] = "all",
    ) -> Int[np.ndarray, " N"]:
        """Turn a text into ids.

        A special token in it is one id if `allowed_special` (a set, or "all") holds it,
        plain text if it is neither allowed nor disallowed, else a ValueError.
        """
        try:
            # 1. Special tokens: cut the text at those that are allowed.
            parts = cut_at_special_tokens(
                text, self.special_tokens, allowed_special, disallowed_special
            )

            # 2. Encode: the parts are texts of their own.
            ids, ends = self.encoder.encode(plain for plain, _ in parts)
        except (AttributeError, TypeError, ValueError):
            check_text(text)  # only now: it would take as long as a tenth of encoding
            raise

        # 3. Insert the id of the special token behind every part but the last.
        special_ids = [special_id for _, following in parts for special_id in following]
        return np.insert(ids, ends[:-1], special_ids) if special_ids else ids

    def encode_batch(self, texts: Iterable[str]) -> list[Int[np.ndarray, " N"]]:
        """Encode many texts at once; an empty text gives an empty row."""
        no_special = (
            cut_at_special_tokens(text, self.special_tokens, (), "all")[0][0]
            for text in check_texts(texts)
        )
        ids, ends = self.encoder.encode(no_special)
        return np.split(ids, ends)[:-1]

    def decode_bytes(self, ids: Int[np.ndarray, " N"] | Sequence[int]) -> bytes:
        """Join the bytes of every id."""
        numbers = check_ids(ids, self.vocab_size)
        return b"".join(self.token_bytes[number] for number in numbers)

    def decode(self, ids: Int[np.ndarray, " N"] | Sequence[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class and its fields, as JSON can hold them."""
        return {
            "tokenizer": type(self).__name__,
            "merges": [list(pair) for pair in self.merges],
            "special_tokens": list(self.special_tokens),
            "base_bytes": self.base_bytes,
        }
