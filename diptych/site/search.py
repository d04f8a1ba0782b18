"""The proof of a pair: random cases, how near the bound they came, and the worst."""

from dataclasses import dataclass, replace
from functools import cache

from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.lockstep import Comparison

N_CASES = 60


@dataclass(frozen=True)
class Proof:
    """What a search for disagreement found."""

    n_cases: int = 0
    n_quantities: int = 0
    worst: Case | None = None
    comparison: Comparison | None = None

    @property
    def score(self) -> float:
        """The largest score of all cases."""
        return self.comparison.score if self.comparison else 0.0

    def with_case(self, case: Case, comparison: Comparison) -> "Proof":
        """Count one case more, and keep the worse."""
        counted = replace(
            self,
            n_cases=self.n_cases + 1,
            n_quantities=self.n_quantities + len(comparison.quantities),
        )
        if self.comparison and comparison.score <= self.score:
            return counted
        return replace(counted, worst=case, comparison=comparison)


@cache
def proof(path: str, n_cases: int = N_CASES) -> Proof:
    """Search for the input on which both sides differ most, the same way each time."""
    pair = concept(path)
    found = Proof()

    @settings(
        max_examples=n_cases,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.target],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(pair.cases)
    def look(case: Case) -> None:
        nonlocal found
        comparison = pair.compare(case)
        found = found.with_case(case, comparison)
        target(min(comparison.score, 1e9))

    look()
    return found
