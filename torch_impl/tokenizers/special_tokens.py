"""Special tokens: each is one id, and plain text never becomes one.

Source: tiktoken, https://github.com/openai/tiktoken/blob/main/tiktoken/core.py,
        Encoding.encode: a special token in a text is rejected unless it is allowed.
Twin:   reference/tokenizers/special_tokens.py
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Literal

Choice = Collection[str] | Literal["all"]


def cut_at_special_tokens(
    text: str, id_of: Mapping[str, int], allowed: Choice, disallowed: Choice
) -> list[tuple[str, list[int]]]:
    """Cut a text at the allowed special tokens: plain text, and the id that follows.

    The leftmost is taken, and of those that begin together the longest. ValueError if
    the text holds a disallowed one; "all" disallows those that are not allowed.

    >>> cut_at_special_tokens("a<|b|>c", {"<|b|>": 9}, allowed="all", disallowed="all")
    [('a', [9]), ('c', [])]
    """
    known = frozenset(id_of)
    accepted = known if allowed == "all" else frozenset(allowed)
    rejected = known - accepted if disallowed == "all" else frozenset(disallowed)
    if unknown := (accepted | rejected) - known:
        raise ValueError(f"special tokens are {[*id_of]}, got {sorted(unknown)}")
    if found := rejected and any_of(rejected).search(text):
        raise ValueError(
            f"the text holds the special token {found[0]!r} at position "
            f"{found.start()}: put it in allowed_special, or pass "
            "disallowed_special=() to read it as plain text"
        )
    pieces = any_of(accepted).split(text) if accepted else [text]
    following = [*([id_of[token]] for token in pieces[1::2]), []]
    return [*zip(pieces[::2], following, strict=True)]


@lru_cache
def any_of(tokens: frozenset[str]) -> re.Pattern[str]:
    """Compile a pattern that finds the leftmost token, and of these the longest."""
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})")
