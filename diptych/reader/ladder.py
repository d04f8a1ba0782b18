"""The merge ladder: how each word of a text grows from bytes into tokens, by passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Token:
    """A token: its id, its bytes, and its text where the bytes are text."""

    id: int
    data: bytes

    @property
    def text(self) -> str | None:
        """The text that the bytes stand for, None if they are a part of a character."""
        try:
            return self.data.decode("utf-8")
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True)
class Merge:
    """Two neighbours that became one, where that stands, and at what rank."""

    place: int
    left: Token
    right: Token
    rank: int


@dataclass(frozen=True)
class Rung:
    """A word after a pass; pass 0 is its bytes, before any merge."""

    turn: int
    tokens: tuple[Token, ...]
    merges: tuple[Merge, ...] = ()


@dataclass(frozen=True)
class Ladder:
    """A word of the text, how often it stands there, and its rungs."""

    word: bytes
    count: int
    rungs: tuple[Rung, ...]


class Alphabet:
    """The tokens of a byte-pair tokenizer: by id, and what they were merged from."""

    def __init__(self, tokenizer: Any):
        self.tokenizer = tokenizer

    def token(self, number: int) -> Token:
        """Return the token with an id."""
        return Token(number, self.tokenizer.decode_bytes([number]))

    def parts(self, number: int) -> tuple[Token, Token]:
        """Return the two tokens that a merge joined."""
        left, right = self.tokenizer.merges[number - 256].tolist()
        return self.token(left), self.token(right)


def ladders(
    words: Sequence[bytes], passes: Sequence[dict[str, Any]], alphabet: Alphabet
) -> tuple[Ladder, ...]:
    """Follow each different word through the passes that merge something in it.

    `passes` has what the step that merges stored: the symbols of all words, the word
    that each is of, and which were merged.
    """
    distinct = dict.fromkeys(word for word in words if word)
    return tuple(
        Ladder(
            word, words.count(word), tuple(rungs(words.index(word), passes, alphabet))
        )
        for word in distinct
    )


def rungs(
    word: int, passes: Sequence[dict[str, Any]], alphabet: Alphabet
) -> Iterator[Rung]:
    """Yield a word's bytes, and then the word after each pass that changes it."""
    for turn, stored in enumerate(passes):
        own = stored["word_of"] == word
        symbols, merged = stored["symbols"][own], stored["merged"][own]
        if turn == 0 or merged.any():
            tokens = tuple(alphabet.token(symbol) for symbol in symbols.tolist())
            merges = tuple(
                Merge(place, *alphabet.parts(symbol), rank=symbol - 256)
                for place in np.flatnonzero(merged).tolist()
                for symbol in [int(symbols[place])]
            )
            yield Rung(turn, tokens, merges)


def split_characters(tokens: Sequence[Token]) -> list[str]:
    r"""Name the character that a token holds only a part of; "" for any other token.

    >>> split_characters([Token(0, b"a"), Token(1, b"\xc3"), Token(2, b"\xa9")])
    ['', 'é', 'é']
    """
    whole = b"".join(token.data for token in tokens).decode("utf-8", "replace")
    owners = [character for character in whole for _ in character.encode()]
    found, start = [], 0
    for token in tokens:
        own = owners[start : start + len(token.data)]
        start += len(token.data)
        found.append("".join(dict.fromkeys(own)) if token.text is None else "")
    return found
