"""A vocabulary of words or characters: a dict that gives every token its id.

Source: Raschka, *Build a Large Language Model (From Scratch)*, sections 2.3 and 2.4.
Twin:   reference/tokenizers/vocabulary.py
"""

from collections.abc import Iterable, Mapping
from numbers import Integral

from torch_impl.tokenizers.tokenizer import check_text

END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<|unk|>"


def number(tokens: Iterable[str]) -> dict[str, int]:
    """Give every token its place as id.

    >>> number(["a", "b"])
    {'a': 0, 'b': 1}
    """
    return {token: place for place, token in enumerate(tokens)}


def list_tokens(vocabulary: Mapping[str, int]) -> list[str]:
    """List the tokens of a vocabulary in the order of their ids, which are 0..V-1.

    >>> list_tokens({"b": 1, "a": 0})
    ['a', 'b']
    >>> list_tokens({"a": 0, "b": 2})
    Traceback (most recent call last):
    ValueError: ids must be 0..1, each of them once, got 2 for 'b'
    """
    if not isinstance(vocabulary, Mapping):
        kind = type(vocabulary).__name__
        raise TypeError(f"a vocabulary must map tokens to ids, got {kind}")
    for token, i in vocabulary.items():
        check_text(token)
        if not isinstance(i, Integral) or isinstance(i, bool):
            raise TypeError(f"ids must be integers, got {i!r} for {shorten(token)}")
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    for place, token in enumerate(tokens):
        if vocabulary[token] != place:
            rule = f"ids must be 0..{len(tokens) - 1}, each of them once"
            raise ValueError(f"{rule}, got {vocabulary[token]} for {shorten(token)}")
    return tokens


def shorten(token: str, width: int = 40) -> str:
    """Write a token into a message, cut where it is long.

    >>> shorten("abc", width=2)
    "'ab'…"
    """
    return repr(token) if len(token) <= width else f"{token[:width]!r}…"
