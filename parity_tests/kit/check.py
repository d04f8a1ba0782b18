"""Hold an implementation to a concept: agreement, laws, and a diagnosis."""

from collections.abc import Iterable

from parity_tests.concept import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.capabilities import optional_of
from parity_tests.kit.checker import Checker
from parity_tests.kit.implementation import Implementation, NotRunnableError
from parity_tests.kit.verdict import Verdict
from parity_tests.pinned import Pinned

__all__ = ["Request", "check", "check_departures"]


def check(request: Request, cases: Iterable[Case] = ()) -> Verdict:
    """Check an implementation on drawn cases, or on the given ones alone."""
    verdict = Verdict(request.concept.path, request.target)
    verdict.not_tried = sorted(optional_of(request.concept) - request.supports)
    try:
        with Implementation(request.target, request.time_limit) as implementation:
            Checker(request, implementation, verdict).run(list(cases))
    except NotRunnableError as error:
        verdict.not_runnable = str(error)
    return verdict


def check_departures(request: Request, known: Iterable[Pinned]) -> Verdict:
    """Hold an implementation to its known departures: each must still depart."""
    verdict = Verdict(request.concept.path, request.target)
    for entry in known:
        one = check(request, [entry.case])
        verdict.examples += one.examples
        if one.not_runnable:
            verdict.not_runnable = one.not_runnable
        elif one.agrees:
            verdict.first_difference = f"no longer departs: {entry.reason}"
            verdict.case = entry.case
        else:
            verdict.remarks.append(f"departs as known: {entry.reason}")
    return verdict
