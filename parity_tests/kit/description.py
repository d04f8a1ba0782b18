"""Where an implementation differs: the smallest description that is true of all seen.

Each array that differs is a set of wrong entries. Along every axis the simplest place
that holds them is found over all cases at once, so that several cases tell "t ≥ 16"
from "the last token"; the description is what these places have in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.kit.axes import Axis
from parity_tests.kit.places import EVERYWHERE, MOSTLY, Place, place_of


@dataclass(frozen=True)
class Entries:
    """Which entries of an array differ in one case, and what its axes are."""

    axes: tuple[Axis, ...]
    wrong: np.ndarray[Any, Any]

    def along(self, axis: int) -> np.ndarray[Any, Any]:
        """Mark the indices of an axis at which any entry is wrong."""
        others = tuple(i for i in range(self.wrong.ndim) if i != axis)
        return np.asarray(self.wrong.any(axis=others))


def where(seen: Sequence[Entries]) -> str:
    """Say where the entries are wrong that were seen in several cases.

    >>> axes = Axis("text", "b", " of the batch"), Axis("token", "t")
    >>> wrong = np.zeros((3, 20), bool)
    >>> wrong[1, 16:] = True
    >>> where([Entries(axes, wrong)])
    'only the second text of the batch, where t ≥ 16'
    >>> where([Entries(axes, ~wrong | wrong)])
    'everywhere'
    """
    differing = [each for each in seen if each.wrong.any()]
    places = places_in(seen)
    if not places:
        return ""
    share = share_of(places, differing)
    narrow = [place for place in places if place is not EVERYWHERE]
    if not narrow:
        some = f"in {share:.0%} of the entries, in no plain pattern of its axes"
        return "everywhere" if share >= MOSTLY else some
    rest = "" if share >= MOSTLY else f" (in {share:.0%} of the entries there)"
    return f"only {phrase(narrow)}{rest}"


def places_in(seen: Sequence[Entries]) -> list[Place]:
    """Find the place along each axis; none where cases have other axes."""
    differing = [each for each in seen if each.wrong.any()]
    if len({each.axes for each in differing}) != 1:
        return []
    axes = differing[0].axes
    agreeing = [each.wrong.shape for each in seen if not each.wrong.any()]
    similar = [
        shape for shape in agreeing if len(shape) == len(axes) and 0 not in shape
    ]
    return [
        place_of(
            axis,
            [each.along(number) for each in differing],
            [shape[number] for shape in similar],
        )
        for number, axis in enumerate(axes)
    ]


def is_narrow_in(word: str, seen: Sequence[Entries]) -> bool:
    """Whether the entries are wrong in some places only of the axis with a word."""
    places = places_in(seen)
    axes = next((each.axes for each in seen if each.wrong.any()), ())
    return any(
        axis.word == word and place is not EVERYWHERE
        for axis, place in zip(axes, places, strict=bool(places))
    )


def share_of(places: Sequence[Place], differing: Sequence[Entries]) -> float:
    """Return which share of the entries in all of these places is wrong."""
    there = wrong = 0
    for each in differing:
        shape = each.wrong.shape
        marks = [p.of(n) for p, n in zip(places, shape, strict=True)]
        inside = np.ones((), bool)
        for mark in marks:
            inside = np.multiply.outer(inside, mark)
        there += inside.sum()
        wrong += (each.wrong & inside).sum()
    return float(wrong / there)


def phrase(places: Sequence[Place]) -> str:
    """Put the words of several places together: things first, then conditions."""
    things = ", ".join(place.words for place in places if not place.where)
    conditions = " and ".join(place.words for place in places if place.where)
    if not conditions:
        return things
    return f"{things}, where {conditions}" if things else f"where {conditions}"
