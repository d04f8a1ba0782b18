"""Special tokens: they stand for themselves, and plain text never becomes one.

Source: tiktoken, https://github.com/openai/tiktoken/blob/main/tiktoken/core.py,
        Encoding.encode: a special token in a text is refused unless it is allowed.
Twin:   reference/tokenizers/special_tokens.py
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from torch_impl.tokenizers.character_classes import END
from torch_impl.tokenizers.text import code_points, refuse_text, text_of

Choice = Collection[str] | Literal["all"]


def refuse_special_tokens(special_tokens: Sequence[str]) -> None:
    """Refuse special tokens that no text could hold, or that are not all different.

    Raises:
        TypeError: one is not a string, or there is one string instead of several.
        ValueError: one is empty, stands twice, or holds a lone surrogate.
    """
    if isinstance(special_tokens, str):
        raise TypeError("special_tokens must be a list of strings, got one string")
    for place, token in enumerate(special_tokens):
        refuse_text(token)
        if not token:
            raise ValueError(f"a special token has a character, got '' at {place}")
        if token in special_tokens[:place]:
            raise ValueError(f"special tokens must differ, got {token!r} twice")


def find_special_tokens(
    text: str, special_tokens: Sequence[str], allowed: Choice, disallowed: Choice
) -> list[tuple[int, int, int]]:
    """Find the allowed special tokens: where each begins, ends, and its number.

    The leftmost is taken, and of those that begin together the longest. With
    `disallowed="all"` those are refused that are not allowed.

    >>> find_special_tokens("a<|b|>", ["<|b|>"], allowed="all", disallowed="all")
    [(1, 6, 0)]
    >>> find_special_tokens("a<|b|>", ["<|b|>"], allowed=(), disallowed=())
    []

    Raises:
        ValueError: the text holds a disallowed one, or there is no such token.
    """
    known = set(special_tokens)
    accepted = known if allowed == "all" else named(allowed, known)
    refused = known - accepted if disallowed == "all" else named(disallowed, known)
    for match in matches(text, refused):
        raise ValueError(
            f"the text holds the special token {match[0]!r} at position "
            f"{match.start()}: put it in allowed_special, or pass "
            "disallowed_special=() to read it as plain text"
        )
    number = {token: n for n, token in enumerate(special_tokens)}
    return [(m.start(), m.end(), number[m[0]]) for m in matches(text, accepted)]


def matches(text: str, tokens: set[str]) -> list[re.Match[str]]:
    """Find every token in the text, leftmost first, then longest."""
    if not tokens:
        return []
    longest_first = sorted(tokens, key=len, reverse=True)
    return list(re.finditer("|".join(map(re.escape, longest_first)), text))


def named(tokens: Collection[str], known: set[str]) -> set[str]:
    """Return the tokens as a set, each of them a special token.

    Raises:
        ValueError: one of them is not.
    """
    for token in tokens:
        if token not in known:
            raise ValueError(f"{token!r} is no special token of this tokenizer")
    return set(tokens)


def pack(
    special_tokens: Sequence[str],
) -> tuple[Int[Tensor, " P"], Int[Tensor, " S"]]:
    """Write special tokens as their code points, end to end, and how many each has.

    >>> pack(["<|b|>", "c"])
    (tensor([ 60, 124,  98, 124,  62,  99]), tensor([5, 1]))
    """
    sizes = [len(token) for token in special_tokens]
    lengths = torch.tensor(sizes, dtype=torch.int64)
    return code_points("".join(special_tokens)), lengths


def unpack(points: Int[Tensor, " P"], lengths: Int[Tensor, " S"]) -> list[str]:
    """Read special tokens that `pack` wrote.

    Raises:
        ValueError: the lengths do not add up to the number of code points.
    """
    if lengths.sum() != len(points):
        raise ValueError(
            f"special_lengths must add up to {len(points)}, the number of "
            f"special_points, got {lengths.sum()}"
        )
    stops = [0, *lengths.cumsum(0).tolist()]
    return [text_of(points[start:stop]) for start, stop in pairwise(stops)]


def end_texts(
    points: Int[Tensor, " N"], found: Sequence[tuple[int, int, int]]
) -> tuple[Int[Tensor, " M"], Int[Tensor, " E"]]:
    """Put one `END` in place of each special token found; give their numbers.

    >>> end_texts(torch.tensor([97, 98, 99]), [(1, 3, 0)])
    (tensor([     97, 1114112]), tensor([0]))
    """
    numbers = points.new_tensor([number for _, _, number in found])
    if not found:
        return points, numbers
    points, keep = points.clone(), torch.ones_like(points, dtype=torch.bool)
    for start, stop, _ in found:
        points[start] = END
        keep[start + 1 : stop] = False
    return points[keep], numbers
