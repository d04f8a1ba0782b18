"""Byte-pair encoding: text as bytes, and the commonest neighbours become tokens.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2, on bytes
        as in Radford et al. 2019, "Language Models are Unsupervised Multitask
        Learners", section 2.2.
Twin:   reference/tokenizers/byte_pair.py
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from torch_impl.tokenizers import gpt2_vocabulary
from torch_impl.tokenizers.byte_vocabulary import ByteVocabulary
from torch_impl.tokenizers.ids import token_ids
from torch_impl.tokenizers.merge_table import merge_rows
from torch_impl.tokenizers.special_tokens import (
    Choice,
    end_texts,
    find_special_tokens,
    pack,
    refuse_special_tokens,
    unpack,
)
from torch_impl.tokenizers.text import code_points
from torch_impl.tokenizers.tokenizer import Tokenizer
from torch_impl.tokenizers.train_merges import train_merges


class BytePairTokenizer(Tokenizer):
    """Ids 0..255 are bytes, then come the merges by rank, then the special tokens.

    `merges[r]` is the pair of ids that rank r joins into id 256 + r, and
    `base_bytes[i]` the byte of id i (None: byte i).

    >>> tokenizer = BytePairTokenizer.train("low lower lowest", vocab_size=258)
    >>> tokenizer.encode("slow").tolist()  # l o, lo w
    [115, 257]
    >>> tokenizer.decode([115, 257])
    'slow'
    """

    base_bytes: Tensor
    merges: Tensor
    special_points: Tensor
    special_lengths: Tensor

    def __init__(
        self,
        merges: Int[Tensor, "R 2"] | Sequence[Sequence[int]],
        special_tokens: Sequence[str] = (),
        base_bytes: Int[Tensor, "256"] | Sequence[int] | None = None,
    ):
        super().__init__()
        refuse_special_tokens(special_tokens)
        order = torch.arange(256) if base_bytes is None else base_bytes
        self.register_buffer("base_bytes", torch.as_tensor(order).to(torch.int64))
        rows = torch.tensor(merge_rows(merges), dtype=torch.int64)
        self.register_buffer("merges", rows.reshape(-1, 2))
        points, lengths = pack(special_tokens)
        self.register_buffer("special_points", points)
        self.register_buffer("special_lengths", lengths)
        self._index()

    @classmethod
    def train(  # type: ignore[override]
        cls,
        text: str,
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        tie_break: str = "bytes",
    ) -> "BytePairTokenizer":
        """Find merges in a text until there are `vocab_size` ids or no pair is left.

        `special_tokens` in the text are read as plain text. `train_merges` says what
        `tie_break` may be.

        Raises:
            TypeError: `text` is not a string, or `vocab_size` not a whole number.
            ValueError: `vocab_size` has no room for 256 bytes and the special tokens.
        """
        if not isinstance(vocab_size, int) or isinstance(vocab_size, bool):
            raise TypeError(f"vocab_size must be a whole number, got {vocab_size!r}")
        n_merges = vocab_size - 256 - len(special_tokens)
        if n_merges < 0:
            raise ValueError(
                "vocab_size must be at least 256 + the number of special tokens = "
                f"{256 + len(special_tokens)}, got {vocab_size}"
            )
        return cls(train_merges(code_points(text), n_merges, tie_break), special_tokens)

    @classmethod
    def gpt2(cls) -> "BytePairTokenizer":
        """Return GPT-2's own tokenizer, with its 50,257 ids."""
        return cls(
            gpt2_vocabulary.read_merges(),
            gpt2_vocabulary.SPECIAL_TOKENS,
            gpt2_vocabulary.byte_order(),
        )

    @property
    def vocab_size(self) -> int:
        """How many ids there are: bytes, merges and special tokens."""
        return 256 + len(self.merges) + len(self.special_lengths)

    @property
    def special_tokens(self) -> dict[str, int]:
        """The id of every special token; they are the last ids.

        >>> BytePairTokenizer([(97, 98)], ["<|end|>"]).special_tokens
        {'<|end|>': 257}
        """
        first = self.vocab_size - len(self._special_tokens)
        return {token: first + i for i, token in enumerate(self._special_tokens)}

    def encode(
        self,
        text: str,
        allowed_special: Choice = (),
        disallowed_special: Choice = "all",
    ) -> Int[Tensor, " N"]:
        """Turn a text into ids.

        A special token in the text is one id if it is in `allowed_special` (a set or
        "all"), else it is refused, unless `disallowed_special` leaves it out: then it
        is plain text.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate, or a special token that is
                neither allowed nor left out of `disallowed_special`.
        """
        # 1. Read the text, and find the special tokens in it.
        points = code_points(text, self.device)
        found = find_special_tokens(
            text, self._special_tokens, allowed_special, disallowed_special
        )

        # 2. Where one stands, one text ends and another begins.
        points, numbers = end_texts(points, found)
        end_ids = 256 + len(self.merges) + numbers

        # 3. Encode what is between them.
        ids = self._vocabulary.encode(points, end_ids)
        return ids

    def decode_bytes(self, ids: Int[Tensor, " N"] | Sequence[int]) -> bytes:
        """Turn ids into bytes; what two rows give apart they give as one.

        Raises:
            TypeError: an id is not a whole number.
            ValueError: an id is not in the vocabulary.
        """
        return self._vocabulary.bytes_of(token_ids(ids, self.vocab_size, self.device))

    def decode(self, ids: Int[Tensor, " N"] | Sequence[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD.

        Raises:
            TypeError: an id is not a whole number.
            ValueError: an id is not in the vocabulary.
        """
        return self.decode_bytes(ids).decode(errors="replace")

    def _index(self) -> None:
        self._special_tokens = unpack(self.special_points, self.special_lengths)
        refuse_special_tokens(self._special_tokens)
        self._vocabulary = ByteVocabulary(
            self.base_bytes, self.merges, self._special_tokens
        )

    def _describe(self) -> dict[str, Any]:
        return {
            "merges": self.merges.tolist(),
            "special_tokens": self._special_tokens,
            "base_bytes": self.base_bytes.tolist(),
        }

    @classmethod
    def _from_description(cls, description: dict[str, Any]) -> "BytePairTokenizer":
        return cls(**description)
