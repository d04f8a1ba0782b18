"""Oracles: other people's implementations, with which a pair is compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

from parity_tests.contract.case import Case
from parity_tests.contract.shown import Shown


@dataclass(frozen=True, repr=False)
class Oracle(Shown):
    """Someone else's implementation: what it is called, and how it runs a case.

    `cases` are those that it can take, where it cannot take all of the pair's.
    """

    name: str
    run: Callable[[Case], Any]
    cases: SearchStrategy[Case] | None = None

    def __str__(self) -> str:
        return self.name
