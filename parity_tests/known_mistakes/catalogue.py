"""All known mistakes, and which of them each pair has: those whose lines it has.

So a pair that is written from the same steps has its known mistakes from the start.
"""

from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache
from typing import NamedTuple

from parity_tests.catalogue import PATHS
from parity_tests.known_mistakes.attention import ATTENTION
from parity_tests.known_mistakes.build import files_of
from parity_tests.known_mistakes.byte_pairs import BYTE_PAIRS
from parity_tests.known_mistakes.data import DATA
from parity_tests.known_mistakes.gradients import GRADIENTS
from parity_tests.known_mistakes.mistake import Entry, Mistake
from parity_tests.known_mistakes.patch import fits, source_of
from parity_tests.known_mistakes.tokenizers import TOKENIZERS

ENTRIES: tuple[Entry, ...] = (
    *TOKENIZERS,
    *BYTE_PAIRS,
    *DATA,
    *ATTENTION,
    *GRADIENTS,
)


class Counts(NamedTuple):
    """How many mistakes were seen in code of others, and how many are constructed."""

    seen: int
    constructed: int


def mistakes_of(pair: object) -> tuple[Mistake, ...]:
    """Return the known mistakes of a pair, given as itself or as its path."""
    return mistakes_at(str(pair))


@cache
def mistakes_at(path: str) -> tuple[Mistake, ...]:
    """Find every mistake that can be made in the files of a pair."""
    return tuple(made for entry in ENTRIES for made in mistakes_in(entry, path))


def mistakes_in(entry: Entry, path: str) -> list[Mistake]:
    """Make a mistake in a pair, by the first patch that fits, in the nearest file."""
    return [
        Mistake(
            entry.id,
            path,
            file,
            entry.title,
            entry.story,
            tuple(patch.edits),
            patch.caught_by,
            entry.seen_in,
        )
        for patch in entry.patches
        if fnmatch(path, patch.only)
        for file in files_of(path)
        if fits(file, patch.edits) and is_run(patch.step, file, path)
    ][:1]


def is_run(step: str, file: str, path: str) -> bool:
    """Whether a pair runs a step of a file: a function's backward, if it imports it."""
    if file == f"{path}.py" or not step.endswith("_backward"):
        return True
    return any(step in source_of(other) for other in files_of(path) if other != file)


def all_mistakes() -> tuple[Mistake, ...]:
    """Return the known mistakes of all pairs, in reading order."""
    return tuple(mistake for path in PATHS for mistake in mistakes_of(path))


def counts(mistakes: Iterable[Mistake]) -> Counts:
    """Count different mistakes by where they are from."""
    constructed = {each.id: each.is_constructed for each in mistakes}
    return Counts(
        len(constructed) - sum(constructed.values()), sum(constructed.values())
    )
