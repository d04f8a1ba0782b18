"""Places along one axis, simplest first: the last token, head 3, where t ≥ 16."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from parity_tests.kit.axes import Axis

Row = np.ndarray[Any, Any]  # Booleans along one axis
FEW = 4  # indices that are listed one by one
TILES = (4, 8, 16, 32, 64, 128)
NEARLY = 0.9  # the share of a place that differs, where not all of it does
MOSTLY = 0.5  # the share above which a description is not called partial


@dataclass(frozen=True)
class Place:
    """Some indices of an axis, whatever its size, in words; a condition if `where`."""

    words: str
    holds: Callable[[Row, int], Row]
    where: bool = False

    def of(self, size: int) -> Row:
        """Mark the indices of an axis of this size."""
        return np.asarray(self.holds(np.arange(size), size), bool)


EVERYWHERE = Place("everywhere", lambda i, n: i >= 0)


def place_of(axis: Axis, rows: Sequence[Row], agreeing: Sequence[int]) -> Place:
    """Choose the simplest place that holds all marked indices, and little else.

    `rows` marks what differs in each case; `agreeing` has the sizes of the axis where
    nothing does: of places that fit equally well, the one with the fewest of these.

    >>> place_of(Axis("token", "t"), [np.arange(20) >= 16], [9]).words
    't ≥ 16'
    >>> place_of(Axis("token", "t"), [np.arange(n) == n - 1 for n in (3, 5)], []).words
    'the last token'
    """

    def share(place: Place) -> float:
        marked = [place.of(len(row)) for row in rows]
        if any((row & ~mark).any() for row, mark in zip(rows, marked, strict=True)):
            return 0.0  # it does not hold all of them
        return sum(map(np.sum, rows)) / sum(map(np.sum, marked))

    everywhere = share(EVERYWHERE)
    if everywhere == 1:
        return EVERYWHERE
    enough = max(NEARLY, 1 - (1 - everywhere) / 3)
    ranked = [
        (round(1 - share(place), 2), elsewhere(place, agreeing), number, place)
        for number, place in enumerate(candidates(axis, rows))
        if share(place) >= enough
    ]
    return min(ranked, key=lambda each: each[:3])[3] if ranked else EVERYWHERE


def elsewhere(place: Place, agreeing: Sequence[int]) -> int:
    """Count the cases that agree although they have such a place."""
    return sum(bool(place.of(size).any()) for size in agreeing)


def candidates(axis: Axis, rows: Sequence[Row]) -> Iterator[Place]:
    """Yield the places that may hold all marked indices, simplest first."""
    found = [np.flatnonzero(row) for row in rows]
    sizes = {len(row) for row in rows}
    low, high = min(i[0] for i in found), max(i[-1] for i in found)
    letter, what = axis.symbol, f"{axis.word}{axis.of}"
    one_size = f" ({letter} = {high})" if len(sizes) == 1 and high else ""
    ends = [
        Place(f"the first {what}", lambda i, n: i == 0),
        Place(f"the last {what}{one_size}", lambda i, n: i == n - 1),
    ]
    one = [Place(axis.one(int(low)), lambda i, n: i == low)] if low == high else []
    yield from (*ends, *one) if axis.word == "token" else (*one, *ends)
    if low == 1:
        yield Place(f"after the first {what}", lambda i, n: i > 0)
    yield Place(f"before the last {what}", lambda i, n: i < n - 1)
    yield Place(f"{letter} ≥ {low}", lambda i, n: i >= low, where=True)
    yield Place(f"{letter} ≤ {high}", lambda i, n: i <= high, where=True)
    last = max(len(row) - i[0] for row, i in zip(rows, found, strict=True))
    words = f"the last {last} {axis.word}s{axis.of}"
    yield Place(words, lambda i, n: i >= n - last)
    yield from multiples(letter, found)
    yield from behind_tiles(axis, rows)
    between = f"{low} ≤ {letter} ≤ {high}"
    yield Place(between, lambda i, n: (low <= i) & (i <= high), where=True)
    few = np.unique(np.concatenate(found))
    if 1 < len(few) <= FEW:
        listed = ", ".join(map(str, few[:-1]))
        words = f"{axis.word}s {listed} and {few[-1]}{axis.of}"
        yield Place(words, lambda i, n: np.isin(i, few))


def behind_tiles(axis: Axis, rows: Sequence[Row]) -> Iterator[Place]:
    """Yield what is behind the last whole tile, of tiles of some usual sizes."""
    for tile in TILES:
        if max(map(len, rows)) > tile:
            words = f"behind the last whole {tile} {axis.word}s{axis.of}"
            yield Place(words, partial(is_rest, tile))


def is_rest(tile: int, indices: Row, size: int) -> Row:
    """Mark the indices that fill no tile."""
    return np.asarray(indices >= size // tile * tile)


def multiples(letter: str, found: Sequence[Row]) -> Iterator[Place]:
    """Yield the steps in which all of the indices come, if there are such.

    >>> [place.words for place in multiples("t", [np.array([16, 32, 48])])]
    ['t is a multiple of 16', 't is a multiple of 16, but for 0']
    """
    every = np.unique(np.concatenate(found))
    step = math.gcd(*map(int, np.diff(every)))
    if step < 2:
        return
    rest = int(every[0]) % step
    words = f"{letter} is a multiple of {step}" if rest == 0 else ""
    words = words or f"{letter} = {rest} mod {step}"
    if step == 2:
        words = f"{letter} is {'odd' if rest else 'even'}"
    yield Place(words, lambda i, n: i % step == rest, where=True)
    later = f"{words}, but for {rest}"
    yield Place(later, lambda i, n: (i % step == rest) & (i > rest), where=True)
