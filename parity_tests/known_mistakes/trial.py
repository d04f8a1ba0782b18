"""Mistakes on trial: what rejects each, in cases drawn once as its pair draws them."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from inspect import signature
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis.strategies import SearchStrategy

from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE, Backend
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.property import sentence_of
from parity_tests.known_mistakes.build import files_of, mistaken_package, mistaken_part
from parity_tests.known_mistakes.catalogue import mistakes_of
from parity_tests.known_mistakes.effect import OUTPUT, Effect, effect_of, quiet
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.lockstep.comparison import compare_recordings
from parity_tests.lockstep.recording import record
from parity_tests.rounding.expected import expected, expected_backward
from parity_tests.sources.panels import module_name

N_CASES = 300
COMPARED = ("agreement", "gradients")  # what shows in one effect or the other


def why_rejected(mistake: Mistake) -> str:
    """Say what rejects a mistake, as it promises; nothing if that does not happen."""
    kind, _, words = mistake.caught_by.partition(": ")
    with quiet():
        return next(REASONS[kind](mistake, words), "")


def in_outputs(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare what comes out with what the reference gives."""
    pair, part = load(mistake.pair), mistaken_part(mistake)
    for number in differences(mistake):
        case, found = cases_of(pair)[number], outcome_of(mistake, number)
        right = right_outcome(mistake.pair, number, OUTPUT)
        if isinstance(found, Exception) or isinstance(right, Exception):
            yield f"case {number}: expected {right!r:.200}, got {found!r:.200}"
            continue
        agreement = expected(pair, case).judge(pair.call(REFERENCE, case, part))
        if not agreement.holds:
            yield f"case {number}: {agreement.reason}"


def in_steps(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare every quantity of every step with that of the reference."""
    pair, part = load(mistake.pair), mistaken_part(mistake)
    for number, case in enumerate(cases_of(pair)):
        right = expected(pair, case)
        run = partial(pair.call, REFERENCE, case, part)
        found = record(mistaken_package(mistake), run)
        comparison = compare_recordings(
            right.recording, [found], right.units, right.dtype
        )
        if comparison.first_difference:
            yield f"case {number}: {comparison.first_difference}"


def in_gradients(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare the gradients of what goes in, and of the parameters."""
    pair = load(mistake.pair)
    for number in differences(mistake):
        found = outcome_of(mistake, number)
        if isinstance(found, Exception):
            yield f"case {number}: raises {found!r}"
            continue
        right = expected_backward(pair, cases_of(pair)[number])
        for name, agreement in right.judge(found).items():
            if not agreement.holds:
                yield f"case {number}, gradient of {name}: {agreement.reason}"


def in_property(mistake: Mistake, sentence: str) -> Iterator[str]:
    """Ask a property of the pair whether it holds."""
    pair = load(mistake.pair)
    property_ = {str(each): each for each in pair.properties}[sentence]
    implementation = Mistaken(pair, backend_of(mistake), mistaken_part(mistake))
    for number, case in enumerate(drawn(property_.cases or pair.cases)):
        try:
            agreement = property_.check(implementation, case)
        except Exception as error:
            yield f"case {number}: raises {error!r}"
        else:
            if not agreement.holds:
                yield f"case {number}: {agreement.reason}"


def in_rejection(mistake: Mistake, beginning: str) -> Iterator[str]:
    """Ask for what the pair rejects in words that begin so."""
    for rejection in load(mistake.pair).rejections:
        found = rejection.by(REFERENCE, mistaken_part(mistake))
        right = rejection.error, rejection.text
        if str(rejection).startswith(beginning) and found != right:
            yield f"expected {right}, got {found}"


def in_test(mistake: Mistake, sentence: str) -> Iterator[str]:
    """Run a test of the pair's own file with the mistake in the reference's place."""
    package = mistaken_package(mistake)
    names = [module_name(file) for file in files_of(mistake.pair)]
    wrong = {f"reference.{n}": import_module(f"{package}.{n}") for n in names}
    test = test_of(mistake.pair, sentence)
    arguments = (
        {"backend": REFERENCE} if "backend" in signature(test).parameters else {}
    )
    with patch.dict(sys.modules, wrong):
        try:
            test(**arguments)
        except Exception as error:
            yield f"the test “{sentence}” fails: {error!r}"


def test_of(path: str, sentence: str) -> Callable[..., None]:
    """Find a test in the class that tests a pair."""
    folder, _, name = path.replace("/", ".").rpartition(".")
    module = import_module(f"parity_tests.{folder}.test_{name}")
    classes = [each for each in vars(module).values() if isinstance(each, type)]
    tests = next(c for c in classes if getattr(c, "pair", None) is module.PAIR)()
    names = {sentence_of(each): each for each in dir(tests)}
    return getattr(tests, names[sentence])


REASONS: dict[str, Callable[[Mistake, str], Iterator[str]]] = {
    "agreement": in_outputs,
    "steps": in_steps,
    "gradients": in_gradients,
    "property": in_property,
    "rejection": in_rejection,
    "test": in_test,
}


@dataclass(frozen=True)
class Mistaken(OneBackend):
    """A mistake in the place of the reference, which properties are asked of."""

    mistaken: Any

    def run(self, case: Case) -> Any:
        """Run a case and return all that came out."""
        return self.pair.call(REFERENCE, case, self.mistaken)

    @property
    def part(self) -> Any:
        """The class or the function."""
        return self.mistaken


def backend_of(mistake: Mistake) -> Backend:
    """Make a backend of the package of a mistake, whose steps can be recorded."""
    return replace(REFERENCE, name="mistaken", package=mistaken_package(mistake))


@cache
def drawn(cases: SearchStrategy[Case]) -> tuple[Case, ...]:
    """Draw cases, the same ones each time."""
    found = []

    @settings(
        max_examples=N_CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
    )
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
def right_outcome(path: str, number: int, effect: Effect) -> Any:
    """Run the reference in one of the cases."""
    pair = load(path)
    return effect.outcome(pair, cases_of(pair)[number])


def outcome_of(mistake: Mistake, number: int) -> Any:
    """Look where a mistake shows, in one of the cases."""
    return mistaken_outcome(mistake, number, effect_of(mistake))


@cache
def mistaken_outcome(mistake: Mistake, number: int, effect: Effect) -> Any:
    """Run a mistake in one of the cases."""
    pair = load(mistake.pair)
    return effect.outcome(pair, cases_of(pair)[number], mistaken_part(mistake))


def differences(mistake: Mistake) -> Iterator[int]:
    """Find the cases in which the mistake makes a difference, one after another."""
    pair, effect = load(mistake.pair), effect_of(mistake)
    for number, case in enumerate(cases_of(pair)):
        right = right_outcome(mistake.pair, number, effect)
        if not effect.same(pair, case, right, outcome_of(mistake, number)):
            yield number


def same_effect_as(mistake: Mistake) -> tuple[str, ...]:
    """Name the mistakes of a pair that have the same effect in every drawn case."""
    return tuple(
        other.id
        for other in rivals(mistake)
        if first_difference(mistake, other) is None
    )


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
    return next(
        (
            number
            for number, case in enumerate(cases_of(pair))
            if not effect.same(
                pair, case, outcome_of(one, number), outcome_of(other, number)
            )
        ),
        None,
    )
