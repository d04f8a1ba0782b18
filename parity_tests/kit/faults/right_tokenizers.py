"""Right tokenizers, each written in another way; the wrong ones change a step of one.

They take what `diptych check` gives a factory: a vocabulary, and for byte pairs merges
of bytes and special tokens.
"""

import heapq
import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar

import regex  # type: ignore[import-untyped]

from parity_tests.kit.examples.tiktoken_bpe import tokenizer as make_tiktoken
from parity_tests.kit.faults import right

Tokens = list[bytes]
BYTE_PAIR, WORD, CHARACTER = (
    f"tokenizers/{name}" for name in ("byte_pair", "word", "character")
)
PUBLISHED = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)


@right(BYTE_PAIR)
class BytePairs:
    """Look for the lowest rank, merge that one pair, and look again."""

    pattern: ClassVar[str] = PUBLISHED

    def __init__(
        self,
        vocabulary: dict[bytes, int],
        merges: list[tuple[bytes, bytes]],
        special_tokens: dict[str, int],
    ):
        self.vocabulary, self.special = vocabulary, special_tokens
        self.rank = {pair: rank for rank, pair in enumerate(merges)}
        self.bytes_of = {number: token for token, number in vocabulary.items()}
        self.bytes_of |= {n: token.encode() for token, n in special_tokens.items()}
        self.pre_tokens = regex.compile(self.pattern)
        self.apart = self.special_pattern()

    def special_pattern(self) -> Any:
        """Compile a pattern that finds special tokens, the longest first."""
        longest_first = sorted(self.special, key=len, reverse=True)
        return regex.compile("(" + "|".join(map(re.escape, longest_first)) + ")")

    def encode(self, text: str) -> list[int]:
        """Cut at special tokens, then into pre-tokens, and merge each."""
        ids: list[int] = []
        for part in self.parts(text):
            if part in self.special:
                ids.append(self.special[part])
            else:
                for word in self.cut(part):
                    ids += self.ids_of(word)
        return ids

    def parts(self, text: str) -> list[str]:
        """Cut at special tokens."""
        return self.apart.split(text) if self.special else [text]

    def cut(self, text: str) -> list[str]:
        """Cut into pre-tokens."""
        return self.pre_tokens.findall(text)

    def ids_of(self, word: str) -> list[int]:
        """Look up what a pre-token is merged to."""
        tokens = [bytes([byte]) for byte in word.encode()]
        return [self.vocabulary[token] for token in self.merge(tokens)]

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge one pair after another."""
        while found := self.known(tokens):
            at = self.choose(found)
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tokens

    def known(self, tokens: Tokens) -> list[tuple[int, int]]:
        """List the pairs that are merges: rank and index."""
        ranks = map(self.rank.get, pairwise(tokens))
        return [(rank, at) for at, rank in enumerate(ranks) if rank is not None]

    def choose(self, found: list[tuple[int, int]]) -> int:
        """Choose the index of one: the lowest rank, of equal ones the leftmost."""
        return min(found)[1]

    def decode(self, ids: list[int]) -> str:
        """Join the bytes and read them as UTF-8."""
        return self.joined(ids).decode(errors="replace")

    def joined(self, ids: list[int]) -> bytes:
        """Join the bytes."""
        return b"".join(self.bytes_of[number] for number in ids)


@right(BYTE_PAIR)
class ByHeap(BytePairs):
    """Keep the pairs in a heap, and the tokens in a linked list."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Take pair after pair from the heap; pass over those that are gone."""
        after = [*range(1, len(tokens)), -1]
        before = [*range(-1, len(tokens) - 1)]
        heap = [
            (self.rank[pair], at, pair)
            for at, pair in enumerate(pairwise(tokens))
            if pair in self.rank
        ]
        heapq.heapify(heap)
        gone = bytearray(len(tokens))
        while heap:
            _, at, pair = heapq.heappop(heap)
            right = after[at]
            if gone[at] or right < 0 or (tokens[at], tokens[right]) != pair:
                continue
            tokens[at], gone[right] = pair[0] + pair[1], 1
            after[at] = after[right]
            if after[at] >= 0:
                before[after[at]] = at
            for left in (before[at], at):
                if left >= 0 and after[left] >= 0:
                    new = tokens[left], tokens[after[left]]
                    if new in self.rank:
                        heapq.heappush(heap, (self.rank[new], left, new))
        return [
            token for token, is_gone in zip(tokens, gone, strict=True) if not is_gone
        ]


@right(BYTE_PAIR)
class ByReplacement(BytePairs):
    """Write tokens as characters of one text, in which `replace` merges a pair."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Replace all of the lowest rank at once."""
        written = "".join(chr(0x20000 + self.vocabulary[token]) for token in tokens)
        while True:
            tokens = [self.bytes_of[ord(c) - 0x20000] for c in written]
            found = self.known(tokens)
            if not found:
                return tokens
            at = min(found)[1]
            new = chr(0x20000 + self.vocabulary[tokens[at] + tokens[at + 1]])
            written = written.replace(written[at : at + 2], new)


@right(BYTE_PAIR)
class ByRecursion(BytePairs):
    """Merge all pairs of the lowest rank in one pass, and call itself for the rest."""

    def merge(self, tokens: Tokens) -> Tokens:
        """Merge one rank, then the others."""
        if not (found := self.known(tokens)):
            return tokens
        lowest, at = min(found)
        merged = tokens[:at]
        while at < len(tokens):
            pair = tokens[at], b"".join(tokens[at + 1 : at + 2])
            is_pair = self.rank.get(pair) == lowest
            merged.append(b"".join(tokens[at : at + 1 + is_pair]))
            at += 1 + is_pair
        return self.merge(merged)


@right(BYTE_PAIR)
class ByRankOfBytes(BytePairs):
    """Know no merges: of joined bytes the one with the lowest id; whole words first."""

    def ids_of(self, word: str) -> list[int]:
        """Look the whole pre-token up before it is merged."""
        whole = self.vocabulary.get(word.encode())
        return super().ids_of(word) if whole is None else [whole]

    def known(self, tokens: Tokens) -> list[tuple[int, int]]:
        """List the pairs that are tokens when they are joined."""
        ids = (self.vocabulary.get(a + b) for a, b in pairwise(tokens))
        return [(number, at) for at, number in enumerate(ids) if number is not None]


@right(BYTE_PAIR)
class Remembering(ByHeap):
    """Remember the ids of the last thousand pre-tokens."""

    def __init__(self, *args: Any, **tables: Any):
        super().__init__(*args, **tables)
        self.ids_of = lru_cache(1000)(super().ids_of)  # type: ignore[method-assign]


@right(BYTE_PAIR)
def with_tiktoken(vocabulary: Any, merges: Any, special_tokens: Any) -> Any:
    """Let tiktoken do it."""
    return make_tiktoken(vocabulary, merges, special_tokens)


@right(WORD)
class Words:
    """Find words and marks by one pattern; put spaces between them by another."""

    marks: ClassVar[str] = ",.:;?!\"()'"
    pattern: ClassVar[str] = r"""[,.:;?_!"()']|--|(?:(?!--)[^\s,.:;?_!"()'])+"""

    def __init__(self, vocabulary: dict[str, int]):
        self.vocabulary = vocabulary
        self.words = {number: word for word, number in vocabulary.items()}

    def split(self, text: str) -> list[str]:
        """Split a text."""
        return re.findall(self.pattern, text)

    def encode(self, text: str) -> list[int]:
        """Look every word up."""
        return [self.id_of(word) for word in self.split(text)]

    def id_of(self, word: str) -> int:
        """Look a word up; an unknown one is <|unk|>."""
        number = self.vocabulary.get(word)
        return self.vocabulary["<|unk|>"] if number is None else number

    def decode(self, ids: list[int]) -> str:
        """Put a space before each word that is no mark."""
        words = [self.words[number] for number in ids]
        parts = [w if w[0] in self.marks else f" {w}" for w in words]
        return "".join([*words[:1], *parts[1:]])


@right(CHARACTER)
class Characters:
    """Look every character up."""

    def __init__(self, vocabulary: dict[str, int]):
        self.vocabulary = vocabulary
        self.characters = {number: token for token, number in vocabulary.items()}

    def split(self, text: str) -> list[str]:
        """List the characters."""
        return [*text]

    def id_of(self, character: str) -> int:
        """Look a character up; an unknown one is <|unk|>."""
        number = self.vocabulary.get(character)
        return self.vocabulary["<|unk|>"] if number is None else number

    def encode(self, text: str) -> list[int]:
        """Look every character up."""
        return [self.id_of(character) for character in self.split(text)]

    def decode(self, ids: list[int]) -> str:
        """Join the characters."""
        return "".join(self.characters[number] for number in ids)
