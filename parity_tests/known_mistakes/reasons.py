"""What rejects each mistake: a comparison, a property, a rejection or a test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.known_mistakes import trial
from parity_tests.known_mistakes.build import mistaken_package, mistaken_part
from parity_tests.known_mistakes.effect import OUTPUT, quiet
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.own_tests import failure_of
from parity_tests.lockstep.comparison import compare_recordings
from parity_tests.lockstep.recording import record
from parity_tests.rounding.expected import expected, expected_backward


def why_rejected(mistake: Mistake) -> str:
    """Say what rejects a mistake, as it promises; nothing if that does not happen."""
    kind, _, words = mistake.caught_by.partition(": ")
    with quiet():
        return next(REASONS[kind](mistake, words), "")


def in_outputs(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare what comes out with what the reference gives."""
    pair, part = load(mistake.pair), mistaken_part(mistake)
    for number in trial.differences(mistake):
        case, found = trial.cases_of(pair)[number], trial.outcome_of(mistake, number)
        right = trial.outcome(mistake.pair, number, OUTPUT)
        if isinstance(found, Exception) or isinstance(right, Exception):
            yield f"case {number}: expected {right!r:.200}, got {found!r:.200}"
            continue
        agreement = expected(pair, case).judge(pair.call(REFERENCE, case, part))
        if not agreement.holds:
            yield f"case {number}: {agreement.reason}"


def in_steps(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare every quantity of every step with that of the reference."""
    pair, part = load(mistake.pair), mistaken_part(mistake)
    for number, case in enumerate(trial.cases_of(pair)):
        if isinstance(trial.outcome(mistake.pair, number, OUTPUT), Exception):
            continue  # it is rejected before the first step
        right = expected(pair, case)
        run = partial(pair.call, REFERENCE, case, part)
        found = [record(mistaken_package(mistake), run)]
        compared = compare_recordings(right.recording, found, right.units, right.dtype)
        if compared.first_difference:
            yield f"case {number}: {compared.first_difference}"


def in_gradients(mistake: Mistake, _: str) -> Iterator[str]:
    """Compare the gradients of what goes in, and of the parameters."""
    pair = load(mistake.pair)
    for number in trial.differences(mistake):
        found = trial.outcome_of(mistake, number)
        if isinstance(found, Exception):
            yield f"case {number}: raises {found!r}"
            continue
        right = expected_backward(pair, trial.cases_of(pair)[number])
        for name, agreement in right.judge(found).items():
            if not agreement.holds:
                yield f"case {number}, gradient of {name}: {agreement.reason}"


def in_property(mistake: Mistake, sentence: str) -> Iterator[str]:
    """Ask a property of the pair whether it holds."""
    pair = load(mistake.pair)
    property_ = {str(each): each for each in pair.properties}[sentence]
    backend = replace(REFERENCE, name="mistaken", package=mistaken_package(mistake))
    implementation = Mistaken(pair, backend, mistaken_part(mistake))
    for number, case in enumerate(trial.drawn(property_.cases or pair.cases)):
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


REASONS: dict[str, Callable[[Mistake, str], Iterator[str]]] = {
    "agreement": in_outputs,
    "steps": in_steps,
    "gradients": in_gradients,
    "property": in_property,
    "rejection": in_rejection,
    "test": failure_of,
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
