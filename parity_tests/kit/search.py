"""Draw cases until something does not hold; then look for a smaller one."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from parity_tests.contract.case import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.conventions import cases_for
from parity_tests.kit.dialogue import Differs, GaveUp
from parity_tests.kit.spread import Spread

N_TRIES = 10  # cases more, to try a declared ability that none had


def raised(holds: Callable[[Case], None], case: Case) -> Differs | GaveUp | None:
    """Return what is raised on a case in which something does not hold."""
    try:
        holds(case)
    except (Differs, GaveUp) as difference:
        return difference
    return None


def search(
    holds: Callable[[Case], None],
    request: Request,
    among: Callable[[Case], bool] | None = None,
    narrowed: Callable[[Case], Case] = lambda case: case,
) -> None:
    """Draw cases, or those `among` them, until one fails; then look for a smaller.

    A case is tried as it is when `narrowed` to what is declared; one that was tried, or
    whose kind was tried often enough, is drawn anew.
    """
    n_cases = N_TRIES if among else request.examples
    spread, failures = Spread(n_cases, request.dtype), [False]

    def try_new(case: Case) -> None:
        case = narrowed(case)
        if not failures[0]:  # a smaller counterexample may be of any kind
            assume(spread.takes(case))
        failures[0], before = True, failures[0]
        holds(case)
        failures[0] = before
        spread.add(case)

    quiet = settings(
        max_examples=n_cases,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
        print_blob=False,
    )
    cases = cases_for(request.pair, request.conventions)
    chosen = cases.filter(among) if among else cases
    quiet(seed(request.seed)(given(chosen)(try_new)))()
