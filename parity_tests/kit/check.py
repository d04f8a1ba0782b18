"""Hold an implementation to a concept: agreement, laws, and a diagnosis."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, seed, settings

from parity_tests.agreement import LIMIT
from parity_tests.concept import Case, Concept
from parity_tests.kit.conventions import conventions_of
from parity_tests.kit.implementation import Implementation, NotRunnableError
from parity_tests.kit.laws import BrokenLaw, Law, laws_of
from parity_tests.kit.request import asked, expected, narrowed
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import looks_like_throughout
from parity_tests.pinned import Pinned, rerun_command

N_OBSERVED = 12  # cases whose answers a diagnosis rests on


@dataclass(frozen=True)
class Request:
    """What is to be checked, and how hard."""

    concept: Concept
    target: str
    examples: int = 100
    seed: int = 0
    dtype: str | None = None
    supports: frozenset[str] = frozenset()
    conventions: tuple[str, ...] = ()
    time_limit: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what the concept does not know.

        Raises:
            ValueError: a capability or a convention is unknown.
        """
        for kind, asked_for, known in (
            ("capability", self.supports, self.concept.supports - {"lossy"}),
            ("convention", self.conventions, conventions_of(self.concept)),
        ):
            if unknown := sorted(set(asked_for) - set(known)):
                raise ValueError(
                    f"{self.concept.name} knows no {kind} {', '.join(unknown)}; "
                    f"it knows {', '.join(sorted(known)) or 'none'}"
                )


class Departs(Exception):  # noqa: N818 - it says what happened
    """An answer differs from what the reference gives, or none came."""


def check(request: Request, cases: Iterable[Case] = ()) -> Verdict:
    """Check an implementation on drawn cases, or on the given ones alone."""
    verdict = Verdict(request.concept.path, request.target)
    undeclared = request.concept.supports - request.supports
    verdict.not_tried = sorted(undeclared - {"lossy", "causal"})
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
        verdict.not_runnable = verdict.not_runnable or one.not_runnable
        if one.agrees:
            verdict.first_difference = f"no longer departs: {entry.reason}"
            verdict.case = entry.case
        else:
            verdict.remarks.append(f"departs as known: {entry.reason}")
    return verdict


class GaveUp(BaseException):
    """No answer will come; a `BaseException`, so that no smaller case is sought."""


class Checker:
    """One check under way: asks, compares, and writes down what it finds."""

    def __init__(
        self, request: Request, implementation: Implementation, verdict: Verdict
    ):
        self.request = request
        self.concept = request.concept
        self.implementation = implementation
        self.verdict = verdict
        self.observed: list[tuple[Case, Any]] = []
        self.answers = True

    def run(self, cases: list[Case]) -> None:
        """Search for a departure, then for broken laws, then for an explanation."""
        if failure := self.failure(self.agrees, cases):
            self.verdict.case, self.verdict.first_difference = failure
        for law in laws_of(self.concept) if self.answers else ():
            failure = self.failure(partial(self.obeys, law), cases)
            self.verdict.laws[law.sentence] = failure[1] if failure else None
            if failure and self.verdict.case is None:
                self.verdict.case = failure[0]
        if not self.verdict.agrees and self.observed:
            self.verdict.looks_like = looks_like_throughout(self.concept, self.observed)
        if self.verdict.case:
            self.verdict.rerun = (
                rerun_command(self.concept.path, self.verdict.case)
                + f" --impl {self.request.target}"
            )

    def failure(
        self, holds: Callable[[Case], None], cases: list[Case]
    ) -> tuple[Case, str] | None:
        """Return the smallest case that a property fails on, and how."""
        smallest: list[tuple[Case, str]] = []

        def noted(case: Case) -> None:
            case = narrowed(case, self.request.supports, self.request.dtype)
            try:
                holds(case)
            except (Departs, BrokenLaw, GaveUp) as departure:
                smallest[:] = [(case, str(departure))]
                raise

        with suppress(Departs, BrokenLaw, GaveUp):
            if cases:
                for case in cases:
                    noted(case)
            else:
                search(noted, self.request)
        return smallest[0] if smallest else None

    def obeys(self, law: Law, case: Case) -> None:
        """Hold the implementation to a law on one case."""
        law.check(self.ask, case, expected(self.concept, case))

    def agrees(self, case: Case) -> None:
        """Compare the answer to one case with the reference's."""
        right = expected(self.concept, case)
        answer = self.ask(case)
        self.verdict.examples += 1
        agreement = right.judge(answer)
        if agreement.score > LIMIT or len(self.observed) < N_OBSERVED:
            self.observed = [*self.observed[-N_OBSERVED:], (case, answer["output"])]
        if agreement.score > LIMIT:
            raise Departs(f"{agreement.reason} (score {agreement.score:.3g})")
        self.verdict.score = max(self.verdict.score, agreement.score)

    def ask(self, case: Case) -> dict[str, Any]:
        """Ask the implementation, and note what it says on the side.

        Raises:
            Departs: there was no answer to this.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        request = asked(self.concept, case)
        for name in self.request.conventions:
            request = conventions_of(self.concept)[name].translate(request)
        answer = self.implementation.ask(request)
        if answer.get("printed") and "it prints" not in self.verdict.remarks:
            self.verdict.remarks.append("it prints")
        if "trouble" in answer:
            self.answers = False
            trouble = GaveUp if answer.get("final") else Departs
            raise trouble(f"it {answer['trouble']}")
        output = answer["output"]
        if output.dtype.kind == "f" and np.isnan(output).any():
            raise Departs("it returns NaN")
        return answer


def search(holds: Callable[[Case], None], request: Request) -> None:
    """Draw cases until one fails, and then look for a smaller one."""
    quiet = settings(
        max_examples=request.examples,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
        print_blob=False,
    )
    quiet(seed(request.seed)(given(request.concept.cases)(holds)))()
