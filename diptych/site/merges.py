"""The merge ladder as a page shows it: one line a pass, white space drawn visibly."""

from collections.abc import Sequence
from dataclasses import dataclass

from diptych.reader.ladder import Ladder, Merge, Rung, Token, split_characters
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
    """A word after a pass, and the merges that this pass made, in words."""

    turn: int
    pieces: tuple[Piece, ...]
    merges: tuple[str, ...]


@dataclass(frozen=True)
class Climb:
    """One word on its way from bytes to tokens."""

    word: str
    count: int
    lines: tuple[Line, ...]


def climbs(ladders: Sequence[Ladder]) -> tuple[Climb, ...]:
    """Draw every ladder."""
    return tuple(
        Climb(visible_bytes(each.word), each.count, tuple(map(line, each.rungs)))
        for each in ladders
    )


def line(rung: Rung) -> Line:
    """Draw a word after a pass."""
    places = {merge.place for merge in rung.merges}
    said = dict.fromkeys(in_words(merge) for merge in rung.merges)
    return Line(rung.turn, pieces(rung.tokens, places), tuple(said))


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
            place in merged,
        )
        for place, (token, whole) in enumerate(zip(tokens, wholes, strict=True))
    )


def in_words(merge: Merge) -> str:
    """Say what was joined, and by which rank.

    >>> in_words(Merge(0, Token(108, b"l"), Token(111, b"o"), 3))
    'l + o, rank 3, id 259'
    """
    left, right = (visible_bytes(each.data) for each in (merge.left, merge.right))
    return f"{left} + {right}, rank {merge.rank}, id {merge.rank + 256}"
