"""Mistakes on trial: what is seen of them in the cases of their concept."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import Phase, given, settings

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.observable import OUTPUT, Observable, observable

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
def outcome_of(
    path: str, variant: type, number: int, where: Observable = OUTPUT
) -> Any:
    """What is seen of a class in one of the cases of a concept."""
    return where.outcome(concept(path), variant, cases_of(path)[number])


def right_outcome(path: str, number: int, where: Observable = OUTPUT) -> Any:
    """What is seen of the reference in one of the cases."""
    return outcome_of(path, concept(path).reference, number, where)


def mistaken_outcome(mistake: Mistake, number: int) -> Any:
    """What is seen of the mistake in one of the cases, where it shows."""
    variant = mistaken_class(mistake)
    return outcome_of(mistake.concept, variant, number, observable(mistake))


def departures(mistake: Mistake) -> Iterator[int]:
    """Find the cases in which the mistake makes a difference, one after another."""
    path, where = mistake.concept, observable(mistake)
    for number, case in enumerate(cases_of(path)):
        right = right_outcome(path, number, where)
        mistaken = mistaken_outcome(mistake, number)
        if not where.alike(concept(path), case, right, mistaken):
            yield number


def told_apart(one: Mistake, other: Mistake) -> bool:
    """Whether two mistakes of a concept, that show in one place, ever differ."""
    path, where = one.concept, observable(one)
    return any(
        not where.alike(
            concept(path),
            case,
            mistaken_outcome(one, number),
            mistaken_outcome(other, number),
        )
        for number, case in enumerate(cases_of(path))
    )
