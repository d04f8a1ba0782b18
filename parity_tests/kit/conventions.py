"""Check an implementation by the conventions that it declares."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from parity_tests.contract.case import Case
from parity_tests.contract.convention import Cases, Convention, Request
from parity_tests.contract.pair import Pair
from parity_tests.contract.probe import Probe


def conventions_of(pair: Pair) -> dict[str, Convention]:
    """Return the conventions that a pair knows, by name."""
    return {each.name: each for each in pair.conventions}


def translated(pair: Pair, names: Collection[str], request: Request) -> Request:
    """Translate a request into these conventions, in the order of the pair."""
    for convention in pair.conventions:
        if convention.name in names:
            request = convention.translate(request)
    return request


def cases_for(pair: Pair, names: Collection[str]) -> Cases:
    """Choose the cases that an implementation with these conventions can take."""
    cases = pair.adapter.cases(pair.cases) if pair.adapter else pair.cases
    for convention in pair.conventions:
        cases = convention.cases(cases) if convention.name in names else cases
    return cases


def probes_for(
    pair: Pair, names: Collection[str], seed: int, dtype: str | None = None
) -> Iterator[Probe]:
    """Make the fixed cases that an implementation with these conventions can take.

    Where a dtype is asked for, those whose numbers are for another are left out.
    """
    for probe in pair.probes(seed):
        case: Case | None = probe.case
        if probe.own_dtype and dtype not in (None, probe.case.dtype):
            continue
        for convention in pair.conventions:
            if case is not None and convention.name in names:
                case = convention.fitted(case)
        if case is not None:
            yield replace(probe, case=case)
