"""Merge tables in which a mistake shows, and texts that are made of their tokens.

A table grows by pairs that are adjacent in a text as far as it is merged by then. So
each token is what its own bytes become: whether a rank is looked up by a pair or by its
bytes, and whether a pre-token is looked up whole first, makes no difference, and right
implementations of either kind agree.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random
from typing import Any

from parity_tests.tokenizers.cases import Merges
from parity_tests.tokenizers.oracles import merge_word
from reference.tokenizers.pretokenize import cut_at_special_tokens, pretokenize

Choose = Callable[[list[int]], int]  # of a row of tokens, the index of the left one


def first(tokens: list[int]) -> int:
    """Choose the first pair."""
    return 0


def grow(merges: Merges, word: bytes, n_merges: int, choose: Choose = first) -> None:
    """Add merges of pairs in a word, as long as there are two tokens.

    >>> merges = [(97, 98)]
    >>> grow(merges, b"abc", 9)
    >>> merges  # "ab" "c" -> 257
    [(97, 98), (256, 99)]
    """
    for _ in range(n_merges):
        tokens = merge_word(word, merges)
        if len(tokens) < 2:
            return
        at = choose(tokens)
        merges.append((tokens[at], tokens[at + 1]))


def telling(text: str, special_tokens: Iterable[str] = ()) -> Merges:
    """List merges by which any other cut of a text into pre-tokens shows.

    Each of its pre-tokens is one token. Two that are adjacent would be one as well if
    there were no cut between them.

    >>> merges = telling("a1b")
    >>> merges  # no pre-token is longer than a byte: "a" "1" -> 256, "1" "b" -> 257
    [(97, 49), (49, 98)]
    """
    ids: dict[str, Any] = dict.fromkeys(special_tokens, 0)
    parts = cut_at_special_tokens(text, ids, "all", ()) if ids else [(text, [])]
    rows = [[word.encode() for word in pretokenize(plain)] for plain, _ in parts]
    merges: Merges = []
    for row in rows:
        for word in row:
            grow(merges, word, len(word))
    for row in rows:
        for left, right in pairwise(row):
            if len(merge_word(left + right, merges)) == 2:
                grow(merges, left + right, 1)
    return merges


def tangled(rng: Random, letters: str, n_merges: int = 40) -> Merges:
    """List merges that take each other's letters away, many of them of merges.

    They are fewer of few letters, of which every word is soon one token.
    """
    merges: Merges = []
    for _ in range(n_merges):
        word = "".join(rng.choices(letters, k=rng.randint(2, 14)))
        grow(merges, word.encode(), 1, lambda tokens: rng.randrange(len(tokens) - 1))
    return merges


def beginnings(word: str) -> Merges:
    """List merges by which each beginning of a word is a token: one of every length."""
    merges: Merges = []
    grow(merges, word.encode(), len(word.encode()))
    return merges


def every_pair() -> Merges:
    """List all pairs of bytes, those of small letters last: ids go up to 65,791."""
    letters = {*range(97, 123)}
    order = sorted(range(256), key=lambda byte: byte in letters)
    return [(left, right) for left in order for right in order]


def tokens_of(merges: Merges) -> list[bytes]:
    r"""List the bytes of every token.

    >>> tokens_of([(97, 98), (256, 99)])[255:]
    [b'\xff', b'ab', b'abc']
    """
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    return tokens


def texts_of(tokens: Iterable[bytes]) -> list[str]:
    r"""List the tokens that are texts of one pre-token.

    >>> texts_of([b"a", b"a ", b"\xff", b" a"])
    ['a', ' a']
    """
    decoded = [token.decode(errors="ignore") for token in tokens]
    return [
        text
        for text, token in zip(decoded, tokens, strict=True)
        if text.encode() == token and pretokenize(text) == [text]
    ]


def random_words(rng: Random, letters: str, sizes: Iterable[int]) -> str:
    """Join random words of these sizes by spaces."""
    return " ".join("".join(rng.choices(letters, k=size)) for size in sizes)
