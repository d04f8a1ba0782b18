"""Mistakes on trial: what comes out of them on the cases of their concept."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import Phase, given, settings

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.diagnosis import outcome, same_outcome
from parity_tests.known_mistakes.mistake import Mistake

N_CASES = 300


@cache
def cases_of(path: str) -> tuple[Case, ...]:
    """Draw cases of a concept as its suite does, the same ones each time."""
    drawn = []

    @settings(
        max_examples=N_CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
    )
    @given(concept(path).cases)
    def draw(case: Case) -> None:
        drawn.append(case)

    draw()
    return tuple(drawn)


@cache
def outcome_of(path: str, variant: type, number: int) -> Any:
    """What comes out of a class for one of the cases of a concept."""
    return outcome(concept(path).run_reference, variant, cases_of(path)[number])


def right_outcome(path: str, number: int) -> Any:
    """What comes out of the reference for one of the cases."""
    return outcome_of(path, concept(path).reference, number)


def mistaken_outcome(mistake: Mistake, number: int) -> Any:
    """What comes out of the mistake for one of the cases."""
    return outcome_of(mistake.concept, mistaken_class(mistake), number)


def departures(mistake: Mistake) -> Iterator[int]:
    """Find the cases for which the mistake makes a difference, one after another."""
    for number, case in enumerate(cases_of(mistake.concept)):
        right = right_outcome(mistake.concept, number)
        mistaken = mistaken_outcome(mistake, number)
        if not same_outcome(concept(mistake.concept), case, right, mistaken):
            yield number


def told_apart(one: Mistake, other: Mistake) -> bool:
    """Whether two mistakes of a concept differ for any of its cases."""
    return any(
        not same_outcome(
            concept(one.concept),
            case,
            mistaken_outcome(one, number),
            mistaken_outcome(other, number),
        )
        for number, case in enumerate(cases_of(one.concept))
    )
