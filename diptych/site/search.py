"""A search for disagreement: the random case on which backends differ most."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from diptych.reader.drawn import search
from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.lockstep.comparison import Comparison
from parity_tests.lockstep.forward import compare_forward

N_CASES = 60
MOST_NUMBERS = 800  # a page cannot carry all that is computed from more


@dataclass(frozen=True)
class Search:
    """What a search found: the worst comparison, and the worst case that a page shows.

    A case of more than `MOST_NUMBERS` is compared like any other, but not shown.
    """

    n_cases: int = 0
    n_quantities: int = 0
    comparison: Comparison | None = None
    shown: Case | None = None
    shown_error: float = 0.0

    @property
    def error(self) -> float:
        """The largest error of all cases, in rounding units."""
        return self.comparison.error if self.comparison else 0.0

    def with_case(self, case: Case, comparison: Comparison) -> "Search":
        """Count one case more, and hold the worse."""
        found = replace(
            self,
            n_cases=self.n_cases + 1,
            n_quantities=self.n_quantities + len(comparison.quantities),
        )
        if self.comparison is None or comparison.error > self.error:
            found = replace(found, comparison=comparison)
        if comparison.error > self.shown_error and n_numbers(case) <= MOST_NUMBERS:
            found = replace(found, shown=case, shown_error=comparison.error)
        return found


def n_numbers(case: Case) -> int:
    """Count the numbers of all inputs and parameters."""
    return sum(
        np.size(each) for each in (*case.inputs.values(), *case.parameters.values())
    )


@cache
def found_by_search(path: str, n_cases: int = N_CASES) -> Search:
    """Search for the input on which both backends differ most, the same each time."""
    pair = load(path)
    found = Search()

    def look(case: Case) -> float:
        nonlocal found
        comparison = compare_forward(pair, case)
        found = found.with_case(case, comparison)
        return comparison.error

    search(pair, n_cases, look)
    return found
