"""Random cases of a pair, the same ones each time."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, Verbosity, given, settings, target

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair


def drawn_cases(pair: Pair, n_cases: int) -> list[Case]:
    """Draw cases of a pair."""
    found: list[Case] = []

    def keep(case: Case) -> float:
        found.append(case)
        return 0.0

    search(pair, n_cases, keep)
    return found


def search(pair: Pair, n_cases: int, look: Callable[[Case], float]) -> None:
    """Draw cases, and lead the search to those where what `look` returns is large."""

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
    def try_case(case: Case) -> None:
        target(min(look(case), 1e9))

    try_case()
