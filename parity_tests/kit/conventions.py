"""Hold an implementation to the conventions that it declares."""

from collections.abc import Collection

from parity_tests.concept import Concept
from parity_tests.convention import Cases, Convention, Request


def conventions_of(concept: Concept) -> dict[str, Convention]:
    """Give the conventions that a concept knows, by name."""
    return {each.name: each for each in concept.conventions}


def translated(concept: Concept, names: Collection[str], request: Request) -> Request:
    """Ask an implementation that keeps these conventions, in the record's order."""
    for convention in concept.conventions:
        if convention.name in names:
            request = convention.translate(request)
    return request


def cases_for(concept: Concept, names: Collection[str]) -> Cases:
    """Choose the cases that an implementation with these conventions can take."""
    cases = concept.cases
    for convention in concept.conventions:
        cases = convention.cases(cases) if convention.name in names else cases
    return cases
