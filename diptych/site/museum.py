"""The museum: mistakes that were really made, each beside the lines that are right.

Where `parity_tests.known_mistakes` is there, its `mistakes_for(path)` yields entries
with the fields below; without it the museum is empty and no page has the room.
"""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

COLLECTION = "parity_tests.known_mistakes"


@dataclass(frozen=True)
class Exhibit:
    """A known mistake: the changed lines, what they do, and who shipped it."""

    name: str
    story: str
    right: str
    wrong: str
    effect: str = ""
    link: str = ""


def exhibits(path: str) -> list[Exhibit]:
    """Yield the known mistakes of a concept."""
    if find_spec(COLLECTION) is None:
        return []
    collection: Any = import_module(COLLECTION)
    if not hasattr(collection, "mistakes_for"):
        return []
    return [
        Exhibit(
            name=entry.name,
            story=entry.story,
            right=entry.right,
            wrong=entry.wrong,
            effect=getattr(entry, "effect", ""),
            link=getattr(entry, "link", ""),
        )
        for entry in collection.mistakes_for(path)
    ]
