"""One known mistake: which lines of the reference are replaced by which, and its story.

A mistake is a patch of the reference, so it is small by construction: whoever reads
it sees what went wrong and nothing else, and it runs like the pair that it is in.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Edit(NamedTuple):
    """Lines, or parts of them, that stand once in a step, and what replaces them.

    `step` is the term with which the sentence of a step begins ("Causal mask"), or such
    terms of different pairs ("Dropout | Scale"). Outside the steps of a forward pass it
    is the name of a function ("backward") or of a constant.
    """

    step: str
    right: str
    wrong: str


class Patch(NamedTuple):
    """How a mistake is made in every pair that has these steps with these lines.

    `caught_by` is what rejects it: `agreement` (the output differs), `steps` (only a
    quantity of a step does), `gradients` (the output is right, its gradients are not),
    `property: …`, `test: …` (in the words of the pair's file) or `rejection: …` (whose
    words begin so). `only` is a pattern of paths, for lines that are wrong so in some
    pairs alone.
    """

    edits: tuple[Edit, ...]
    caught_by: str
    only: str


class Entry(NamedTuple):
    """A mistake, wherever it is made: of several patches a pair gets the first it can.

    `seen_in` names where it was seen: issues or pull requests on GitHub
    (`owner/repository#number`), or pages that have the faulty code. A mistake that was
    seen nowhere is constructed.
    """

    id: str
    title: str
    story: str
    patches: tuple[Patch, ...]
    seen_in: tuple[str, ...]


@dataclass(frozen=True)
class Mistake:
    """A mistake in one pair, which is known by its path, and in one of its files."""

    id: str
    pair: str
    file: str
    title: str
    story: str
    seen_in: tuple[str, ...]
    edits: tuple[Edit, ...]
    caught_by: str

    def __str__(self) -> str:
        return self.id

    @property
    def links(self) -> list[str]:
        """The addresses of where it was seen; none if it is constructed."""
        return [address(place) for place in self.seen_in]


def address(place: str) -> str:
    """Return the address of an issue or a pull request; GitHub knows which it is.

    >>> address("pytorch/pytorch#103749")
    'https://github.com/pytorch/pytorch/issues/103749'
    """
    if place.startswith("https://"):
        return place
    repository, _, number = place.partition("#")
    return f"https://github.com/{repository}/issues/{number}"
