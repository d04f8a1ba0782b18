"""Draw cases until something does not hold; then look for a smaller one."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings

from parity_tests.contract.case import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.conventions import cases_for
from parity_tests.kit.dialogue import Differs, GaveUp

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
) -> None:
    """Draw cases, or those `among` them, until one fails; then look for a smaller."""
    quiet = settings(
        max_examples=N_TRIES if among else request.examples,
        deadline=None,
        database=None,
        suppress_health_check=[*HealthCheck],
        print_blob=False,
    )
    cases = cases_for(request.pair, request.conventions)
    chosen = cases.filter(among) if among else cases
    quiet(seed(request.seed)(given(chosen)(holds)))()
