r"""Pre-tokenization: cut a text at special tokens, then into pre-tokens.

Source: Radford et al. 2019, section 2.2; the pattern is that of GPT-2,
        https://github.com/openai/gpt-2/blob/master/src/encoder.py. Python's `re` knows
        no \p{L} (letter) and \p{N} (number), so a file lists their code points.
        Special tokens are as in https://github.com/openai/tiktoken, core.py.
Twin:   torch_impl/tokenizers/pretokenize.py
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path

Names = Collection[str]  # of special tokens, or "all"
CLASSES = Path(__file__).with_name("character_classes.txt").read_text("utf-8")
RANGES = [line.split() for line in CLASSES.splitlines() if not line.startswith("#")]
L, N, S = (
    "".join(f"\\U{first:0>8}-\\U{last:0>8}" for first, last, of in RANGES if of == name)
    for name in ("letter", "number", "white_space")
)
GPT2_PATTERN = re.compile(
    rf"'(?:s|t|re|ve|m|ll|d)| ?[{L}]+| ?[{N}]+| ?[^{S}{L}{N}]+|[{S}]+(?![^{S}])|[{S}]+"
)


def pretokenize(text: str) -> list[str]:
    """Cut a text into pre-tokens; a word takes the space before it along.

    >>> pretokenize("It's  5 o'clock")
    ['It', "'s", ' ', ' 5', ' o', "'", 'clock']
    """
    return GPT2_PATTERN.findall(text)


def cut_at_special_tokens(
    text: str, id_of: Mapping[str, int], allowed: Names, disallowed: Names
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
        advice = "allow it in allowed_special, or pass disallowed_special=()"
        place = f"{found[0]!r} at position {found.start()}"
        raise ValueError(f"the text holds the special token {place}: {advice}")
    parts = any_of(accepted).split(text) if accepted else [text]
    return [*zip(parts[::2], [*([id_of[t]] for t in parts[1::2]), []], strict=True)]


@lru_cache
def any_of(tokens: frozenset[str]) -> re.Pattern[str]:
    """Compile a pattern that finds the leftmost token, and of these the longest."""
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})")
