"""A search for disagreement: the random case on which backends differ most."""

from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from diptych.reader.drawn import search
from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.comparison import Comparison
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.recording import record

N_CASES = 60
MOST_GIVEN, MOST_COMPUTED = 900, 6_000  # numbers that a page can carry


@dataclass(frozen=True)
class Search:
    """What a search found: the worst comparison, and the worst case that a page shows.

    A case that is too large for a page is compared like any other, but not shown.
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

    def with_case(self, pair: Pair, case: Case, comparison: Comparison) -> "Search":
        """Count one case more, and hold the worse."""
        found = replace(
            self,
            n_cases=self.n_cases + 1,
            n_quantities=self.n_quantities + len(comparison.quantities),
        )
        if self.comparison is None or comparison.error > self.error:
            found = replace(found, comparison=comparison)
        if comparison.error > self.shown_error and fits_a_page(pair, case):
            found = replace(found, shown=case, shown_error=comparison.error)
        return found


def fits_a_page(pair: Pair, case: Case) -> bool:
    """Whether a page can carry what goes in, and all that is computed from it."""
    given = (*case.inputs.values(), *case.parameters.values())
    if sum(map(np.size, given)) > MOST_GIVEN:
        return False
    run = record("reference", partial(pair.call, REFERENCE, case))
    snapshots = (each for call in run.invocations for each in call.snapshots)
    computed = (value for each in snapshots for value in each.values.values())
    arrays = (value for value in computed if isinstance(value, np.ndarray))
    return sum(array.size for array in arrays) <= MOST_COMPUTED


@cache
def found_by_search(path: str, n_cases: int = N_CASES) -> Search:
    """Search for the input on which both backends differ most, the same each time."""
    pair = load(path)
    found = Search()

    def look(case: Case) -> float:
        nonlocal found
        comparison = compare_forward(pair, case)
        found = found.with_case(pair, case, comparison)
        return comparison.error

    search(pair, n_cases, look)
    return found
