"""Mistakes on trial: what they give in cases drawn once, as their pair draws them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis.strategies import SearchStrategy

from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes.build import mistaken_part
from parity_tests.known_mistakes.catalogue import mistakes_of
from parity_tests.known_mistakes.effect import Effect, effect_of
from parity_tests.known_mistakes.mistake import Mistake

N_CASES = 300
SAME_EACH_TIME = settings(derandomize=True, database=None, phases=[Phase.generate])
COMPARED = ("agreement", "gradients")  # what shows in one effect or the other


@cache
def drawn(cases: SearchStrategy[Case]) -> tuple[Case, ...]:
    """Draw cases, the same ones each time."""
    found = []

    @settings(SAME_EACH_TIME, max_examples=N_CASES, deadline=None)
    @given(cases)
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return tuple(found)


@cache
def cases_of(pair: Pair) -> tuple[Case, ...]:
    """Return the drawn cases of a pair, and then those that have a name."""
    return (*drawn(pair.cases), *(example.case for example in pair.examples(0)))


@cache
def outcome(
    path: str, number: int, effect: Effect, mistake: Mistake | None = None
) -> Any:
    """Run the reference, or a mistake of a pair, in one of the cases."""
    pair, part = load(path), mistaken_part(mistake) if mistake else None
    return effect.outcome(pair, cases_of(pair)[number], part)


def outcome_of(mistake: Mistake, number: int) -> Any:
    """Look where a mistake shows, in one of the cases."""
    return outcome(mistake.pair, number, effect_of(mistake), mistake)


def differences(mistake: Mistake) -> Iterator[int]:
    """Find the cases in which the mistake makes a difference, one after another."""
    pair, effect = load(mistake.pair), effect_of(mistake)
    for number, case in enumerate(cases_of(pair)):
        right = outcome(mistake.pair, number, effect)
        if not effect.same(pair, case, right, outcome_of(mistake, number)):
            yield number


def same_effect_as(mistake: Mistake) -> tuple[str, ...]:
    """Name the mistakes of a pair that have the same effect in every drawn case."""
    others = rivals(mistake)
    return tuple(each.id for each in others if first_difference(mistake, each) is None)


def rivals(mistake: Mistake) -> list[Mistake]:
    """List the other mistakes of a pair that show in the same place."""
    return [
        other
        for other in mistakes_of(mistake.pair)
        if other.caught_by == mistake.caught_by and other.caught_by in COMPARED
        if other.id != mistake.id
    ]


@cache
def first_difference(one: Mistake, other: Mistake) -> int | None:
    """Find the first case in which two mistakes differ, if there is one."""
    pair, effect = load(one.pair), effect_of(one)
    for number, case in enumerate(cases_of(pair)):
        left, right = outcome_of(one, number), outcome_of(other, number)
        if not effect.same(pair, case, left, right):
            return number
    return None
