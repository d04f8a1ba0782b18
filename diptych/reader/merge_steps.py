"""Merge steps: how each pre-token of a text grows from bytes into tokens.

They are read from what the reference stored while it merged: a function whose argument
is a `pre_token`, and which stores its `tokens` anew in every round, with the `lowest`
rank that it merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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
    """Two adjacent tokens that became one: its index, both, and their rank."""

    index: int
    left: Token
    right: Token
    rank: int


@dataclass(frozen=True)
class MergeStep:
    """A pre-token after a round; round 0 is its bytes, before any merge."""

    turn: int
    tokens: tuple[Token, ...]
    merges: tuple[Merge, ...] = ()


@dataclass(frozen=True)
class MergeSteps:
    """A pre-token of the text, and its merge steps."""

    pre_token: bytes
    steps: tuple[MergeStep, ...]


def merge_steps(calls: Sequence[Any]) -> tuple[MergeSteps, ...]:
    """Read the merge steps of each distinct pre-token from recorded calls."""
    found: dict[bytes, MergeSteps] = {}
    for call in calls:
        pre_token = call.arguments.get("pre_token")
        rounds = [each.values for each in call.snapshots if "tokens" in each.values]
        if isinstance(pre_token, str) and rounds:
            data = pre_token.encode()
            found.setdefault(data, MergeSteps(data, tuple(steps(data, rounds))))
    return tuple(found.values())


def steps(data: bytes, rounds: Sequence[Mapping[str, Any]]) -> Iterator[MergeStep]:
    """Yield a pre-token's bytes, and then its tokens after each round.

    >>> rounds = [{"tokens": [97, 98, 97]}, {"tokens": [256, 97], "lowest": 0}]
    >>> [[token.data for token in each.tokens] for each in steps(b"aba", rounds)]
    [[b'a', b'b', b'a'], [b'ab', b'a']]
    """
    first, *others = rounds
    pairs = zip(first["tokens"], data, strict=True)
    tokens = tuple(Token(number, bytes([byte])) for number, byte in pairs)
    yield MergeStep(0, tokens)
    for turn, stored in enumerate(others, 1):
        step = merged(turn, tokens, stored["tokens"], stored["lowest"])
        tokens = step.tokens
        yield step


def merged(
    turn: int, before: tuple[Token, ...], ids: Sequence[int], rank: int
) -> MergeStep:
    """Find which adjacent tokens became one: those that are no longer there."""
    tokens: list[Token] = []
    merges: list[Merge] = []
    rest = iter(before)
    for index, number in enumerate(ids):
        token = next(rest)
        if token.id != number:
            right = next(rest)
            merges.append(Merge(index, token, right, rank))
            token = Token(number, token.data + right.data)
        tokens.append(token)
    return MergeStep(turn, tuple(tokens), tuple(merges))


def vocabulary_of(
    found: Sequence[MergeSteps], learned: Sequence[Merge]
) -> dict[int, bytes]:
    """Gather the bytes of every token that was met on the way."""
    known = {
        token.id: token.data
        for each in found
        for step in each.steps
        for token in step.tokens
    }
    for merge in learned:
        known |= {token.id: token.data for token in (merge.left, merge.right)}
        known[256 + merge.rank] = merge.left.data + merge.right.data
    return known


def learned_merges(calls: Sequence[Any]) -> tuple[Merge, ...]:
    """Read the merges that training gave, in the order in which they were learned.

    The bytes of the first 256 ids are those ids.
    """
    stored = [
        s.values["merges"] for c in calls for s in c.snapshots if "merges" in s.values
    ]
    pairs = stored[-1] if stored else []
    tokens = [Token(byte, bytes([byte])) for byte in range(256)]
    merges = []
    for rank, (left, right) in enumerate(pairs):
        merge = Merge(0, tokens[left], tokens[right], rank)
        merges.append(merge)
        tokens.append(Token(256 + rank, merge.left.data + merge.right.data))
    return tuple(merges)


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
