"""A byte-pair tokenizer of ours under the names that tiktoken has for its own."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import count
from types import ModuleType
from typing import Any

from benchmarks.peers.vocabulary import gpt2, module, special_tokens_of

Names = Collection[str]


class Encoding:
    """tiktoken's `Encoding`: what is public of it, and what a tokenizer of ours has."""

    def __init__(self, tokenizer: Any):
        self.tokenizer = tokenizer
        self.n_vocab = tokenizer.vocab_size
        self.max_token_value = self.n_vocab - 1
        self.eot_token = tokenizer.special_tokens["<|endoftext|>"]
        tokens = [tokenizer.decode_bytes([i]) for i in range(self.n_vocab)]
        self.ids = dict(zip(tokens, count(), strict=False))

    def encode(
        self,
        text: str,
        *,
        allowed_special: Names = (),
        disallowed_special: Names = "all",
    ) -> list[int]:
        """Turn a text into ids."""
        ids = self.tokenizer.encode(text, allowed_special, disallowed_special)
        return ids.tolist()

    def encode_ordinary(self, text: str) -> list[int]:
        """Turn a text into ids; all of it is plain text."""
        return self.encode(text, disallowed_special=())

    def encode_batch(self, texts: Iterable[str], **options: Any) -> list[list[int]]:
        """Turn every text into ids."""
        return [self.encode(text, **options) for text in texts]

    def encode_ordinary_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """Turn every text into ids, as plain text."""
        return [ids.tolist() for ids in self.tokenizer.encode_batch([*texts])]

    def encode_single_token(self, token: str | bytes) -> int:
        """Return the id of a token; KeyError if there is none."""
        return self.ids[token.encode() if isinstance(token, str) else token]

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into a text."""
        return self.tokenizer.decode(ids)

    def decode_batch(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """Turn every row of ids into a text."""
        return [self.decode(ids) for ids in rows]

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        """Turn ids into bytes."""
        return self.tokenizer.decode_bytes(ids)

    def decode_single_token_bytes(self, token: int) -> bytes:
        """Turn one id into bytes."""
        return self.decode_bytes([token])


def as_tiktoken(part: Any) -> ModuleType:
    """Make a module `tiktoken` of a tokenizer of ours."""
    encode = cache(lambda special_tokens: Encoding(gpt2(part, special_tokens)))
    return module(
        "tiktoken",
        Encoding=Encoding,
        get_encoding=lambda name: encode(special_tokens_of(name)),
        list_encoding_names=lambda: ["gpt2", "cl100k_base"],
    )
