"""One known mistake: which lines of the reference are replaced by which, and its story.

A mistake is a patch of the reference, so it is small by construction: whoever reads
it sees what went wrong and nothing else, and it runs like the part that it is in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

COMMON = ("common",)
GAP = "\n...\n"  # between two places of a patch: what stands there stays


@dataclass(frozen=True)
class Mistake:
    """A mistake in one concept.

    `right` stands exactly once in `file`, a source of the reference, and is replaced
    by `wrong`. Both may be parts of lines, and without their indentation. A line `...`
    in both stands for lines that stay. `seen_in` names GitHub issues or pull requests
    (`owner/repository#number`) or other pages, or says that the mistake is common.
    `caught_by` is what rejects it: `agreement` (what comes out differs), `steps` (only
    a step on the way does), `gradients` (only the way back does), `law: …` or
    `refusal: …` (what the record of the concept has in these words), or a test, as
    pytest names it.
    """

    id: str
    concept: str
    file: str
    title: str
    story: str
    right: str
    wrong: str
    seen_in: tuple[str, ...] = COMMON
    caught_by: str = "agreement"

    @property
    def on_the_way_back(self) -> bool:
        """Whether what comes out is right, and its gradients are not."""
        return self.caught_by == "gradients"

    @property
    def changes(self) -> list[tuple[str, str]]:
        """The places of the patch: what stands there, and what replaces it."""
        rights, wrongs = self.right.split(GAP), self.wrong.split(GAP)
        return list(zip(rights, wrongs, strict=True))

    @property
    def links(self) -> list[str]:
        """The addresses of where it was seen; none if it is just common."""
        return [address(place) for place in self.seen_in if place not in COMMON]


class Place(NamedTuple):
    """The same patch for several concepts: the file of each, and the lines."""

    files: Mapping[str, str]
    right: str
    wrong: str
    caught_by: str = "agreement"


def known(
    id: str,
    title: str,
    story: str,
    *places: Place,
    seen_in: tuple[str, ...] = COMMON,
) -> tuple[Mistake, ...]:
    """Record one mistake wherever it is made."""
    return tuple(
        Mistake(
            id,
            concept,
            file,
            title,
            story,
            place.right.strip("\n"),
            place.wrong.strip("\n"),
            seen_in,
            place.caught_by,
        )
        for place in places
        for concept, file in place.files.items()
    )


def address(place: str) -> str:
    """Return the address of an issue or a pull request; GitHub knows which it is.

    >>> address("pytorch/pytorch#103749")
    'https://github.com/pytorch/pytorch/issues/103749'
    """
    if place.startswith("https://"):
        return place
    repository, _, number = place.partition("#")
    return f"https://github.com/{repository}/issues/{number}"
