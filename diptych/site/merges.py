"""Merge steps as a page shows them: one line a round, white space drawn visibly."""

from collections.abc import Sequence
from dataclasses import dataclass

from diptych.reader.merge_steps import (
    Merge,
    MergeStep,
    MergeSteps,
    Token,
    split_characters,
)
from diptych.reader.visible import visible_bytes


@dataclass(frozen=True)
class Piece:
    """A token: how it is drawn, its bytes and id, and the character it is a part of."""

    text: str
    data: str
    id: int
    part_of: str = ""
    merged: bool = False


@dataclass(frozen=True)
class Line:
    """A pre-token after a round, and the merge that this round made, in words."""

    turn: int
    pieces: tuple[Piece, ...]
    merges: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """One pre-token on its way from bytes to tokens."""

    pre_token: str
    lines: tuple[Line, ...]

    @property
    def is_merged(self) -> bool:
        """Whether any of its bytes are merged at all."""
        return len(self.lines) > 1


def drawn(found: Sequence[MergeSteps]) -> tuple[Drawn, ...]:
    """Draw the merge steps of every pre-token."""
    return tuple(
        Drawn(visible_bytes(each.pre_token), tuple(map(line, each.steps)))
        for each in found
    )


def line(step: MergeStep) -> Line:
    """Draw a pre-token after a round."""
    merged = {merge.index for merge in step.merges}
    words = dict.fromkeys(in_words(merge) for merge in step.merges)
    return Line(step.turn, pieces(step.tokens, merged), tuple(words))


def pieces(
    tokens: Sequence[Token], merged: frozenset[int] | set[int] = frozenset()
) -> tuple[Piece, ...]:
    """Draw tokens beside each other."""
    wholes = split_characters(tokens)
    return tuple(
        Piece(
            visible_bytes(token.data),
            token.data.hex(" "),
            token.id,
            whole,
            index in merged,
        )
        for index, (token, whole) in enumerate(zip(tokens, wholes, strict=True))
    )


def in_words(merge: Merge) -> str:
    """Say what was merged, and by which rank.

    >>> in_words(Merge(0, Token(108, b"l"), Token(111, b"o"), 3))
    'l + o, rank 3, id 259'
    """
    left, right = (visible_bytes(each.data) for each in (merge.left, merge.right))
    return f"{left} + {right}, rank {merge.rank}, id {merge.rank + 256}"
