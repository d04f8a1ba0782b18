"""Other people's implementations, which a pair is held against."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

from parity_tests.case import Case
from parity_tests.shown import Shown


@dataclass(frozen=True, repr=False)
class Independent(Shown):
    """Someone else's implementation: what it is called, and how it runs a case.

    `cases` are those that it can take, where it cannot take all of the concept.
    """

    name: str
    run: Callable[[Case], Any]
    cases: SearchStrategy[Case] | None = None

    def __str__(self) -> str:
        return self.name
