"""The tokenizer inside a GGUF file: byte-level BPE, as GPT-2's with another split.

Source: the keys are those of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md;
        bytes are written as in GPT-2's `bytes_to_unicode`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from reference.tokenizers.byte_vocabulary import GPT2_BYTES, PRINTED
from reference.tokenizers.pretokenize import N, pretokenize

CONTROL = 3  # the kind of token that stands for itself, in `tokenizer.ggml.token_type`
NUMBER = re.compile(f"([{N}])")
OTHERS = [byte for byte in GPT2_BYTES if byte not in PRINTED]
CHARACTER_OF = {byte: chr(byte) for byte in PRINTED}
CHARACTER_OF |= {byte: chr(256 + n) for n, byte in enumerate(OTHERS)}
BYTE_OF = {character: byte for byte, character in CHARACTER_OF.items()}


def digits_alone(text: str) -> list[str]:
    """Cut at every number character, then as GPT-2 does.

    >>> digits_alone("in 1984")
    ['in', ' ', '1', '9', '8', '4']
    """
    return [token for part in NUMBER.split(text) for token in pretokenize(part)]


SPLITS: dict[str, Callable[[str], list[str]]] = {  # by `tokenizer.ggml.pre`
    "gpt-2": pretokenize,
    "smollm": digits_alone,
}


class ByteLevelTokenizer:
    """Merges replayed on tokens that are written as characters, ids by a table.

    >>> letters = ["a", "b", "Ġ", "ab", "<|end|>"]
    >>> tokenizer = ByteLevelTokenizer(letters, ["a b"], special={4}, pre="gpt-2")
    >>> tokenizer.encode("ab b<|end|>"), tokenizer.decode([3, 2, 1, 4])
    ([3, 2, 1, 4], 'ab b<|end|>')
    """

    def __init__(
        self,
        tokens: Sequence[str],
        merges: Iterable[str],
        special: Iterable[int] = (),
        pre: str = "gpt-2",
        unknown: int | None = None,
    ):
        if not isinstance(pre, str) or pre not in SPLITS:
            known = [*SPLITS]
            raise ValueError(f"tokenizer.ggml.pre must be in {known}, got {pre!r:.40}")
        self.tokens, self.split, self.unknown = [*tokens], SPLITS[pre], unknown
        self.id_of = {token: i for i, token in reversed([*enumerate(self.tokens)])}
        self.special = {self.tokens[i]: i for i in special}
        pairs = (tuple(merge.split(" ")) for merge in merges)
        self.rank_of = {pair: rank for rank, pair in enumerate(pairs)}
        self.ids_of = lru_cache(65_536)(self.encode_pre_token)
        longest_first = sorted(self.special, key=len, reverse=True)
        self.at_special = re.compile(f"({'|'.join(map(re.escape, longest_first))})")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> "ByteLevelTokenizer":
        """Make the tokenizer that a GGUF file describes.

        Raises:
            ValueError: it has none, or one of another model or split.
        """
        keys = ("model", "pre", "tokens", "merges", "token_type")
        own: dict[str, Any] = {k: metadata.get(f"tokenizer.ggml.{k}") for k in keys}
        if missing := [key for key in keys if own[key] is None]:
            raise ValueError(f"the file has no tokenizer.ggml.{missing[0]}")
        if own["model"] != "gpt2":
            kind = own["model"]
            raise ValueError(f"tokenizer.ggml.model must be 'gpt2', got {kind!r:.40}")
        for key, of in (("tokens", str), ("merges", str), ("token_type", int)):
            check_list(f"tokenizer.ggml.{key}", own[key], of)
        if len(own["token_type"]) != len(own["tokens"]):
            sizes = f"{len(own['token_type'])} for {len(own['tokens'])}"
            raise ValueError(f"each token must have a type, got {sizes}")
        special = [i for i, kind in enumerate(own["token_type"]) if kind == CONTROL]
        unknown = metadata.get("tokenizer.ggml.unknown_token_id")
        if unknown is not None and unknown not in range(len(own["tokens"])):
            raise ValueError(
                f"the unknown token must be one of all, got {unknown!r:.40}"
            )
        return cls(own["tokens"], own["merges"], special, own["pre"], unknown)

    def encode(self, text: str) -> list[int]:
        """Turn a text into ids; special tokens in it are one id each.

        Raises:
            ValueError: the vocabulary lacks a byte, and has no id for the unknown.
        """
        ids: list[int] = []
        parts = self.at_special.split(text) if self.special else [text]
        for part in parts:
            if part in self.special:
                ids.append(self.special[part])
            else:
                ids += (i for token in self.split(part) for i in self.ids_of(token))
        return ids

    def encode_pre_token(self, pre_token: str) -> list[int]:
        """Replay the merges on one pre-token, the lowest rank first."""
        tokens = [CHARACTER_OF[byte] for byte in pre_token.encode()]
        while True:
            ranks = [self.rank_of.get(pair, -1) for pair in pairwise(tokens)]
            lowest = min((rank for rank in ranks if rank >= 0), default=None)
            if lowest is None:
                return [self.id_of_token(token) for token in tokens]
            tokens = merged(tokens, ranks, lowest)

    def id_of_token(self, token: str) -> int:
        """Look up a token, or the id of what is unknown."""
        found = self.id_of.get(token, self.unknown)
        if found is None:
            raise ValueError(f"the vocabulary has no token {token!r}")
        return found

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Join the bytes of every id; a token that is no bytes stands for itself."""
        return b"".join(self.bytes_of(self.tokens[i], i) for i in ids)

    def bytes_of(self, token: str, i: int) -> bytes:
        """Return the bytes that the characters of a token stand for."""
        if self.special.get(token) == i or not BYTE_OF.keys() >= {*token}:
            return token.encode()
        return bytes(BYTE_OF[character] for character in token)

    def decode(self, ids: Iterable[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")


def merged(tokens: list[str], ranks: list[int], lowest: int) -> list[str]:
    """Join the adjacent tokens whose pair has the lowest rank, from left to right.

    >>> merged(["a", "a", "a"], [0, 0], lowest=0)
    ['aa', 'a']
    """
    joined, n = [], 0
    while n < len(tokens):
        is_pair = n < len(ranks) and ranks[n] == lowest
        joined.append("".join(tokens[n : n + 2]) if is_pair else tokens[n])
        n += 1 + is_pair
    return joined


def check_list(key: str, entries: Any, of: type) -> None:
    """Check that a file has a list of strings, or of integers."""
    if not isinstance(entries, list) or not all(isinstance(e, of) for e in entries):
        raise ValueError(f"{key} must be a list of {of.__name__}, got {entries!r:.40}")
