"""One check under way: ask for case after case, compare, and explain a departure."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, seed, settings

from parity_tests.agreement import LIMIT
from parity_tests.concept import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.capabilities import TRIED_BY, tried
from parity_tests.kit.conventions import cases_for, translated
from parity_tests.kit.implementation import Implementation
from parity_tests.kit.outside import Outside, laws_of
from parity_tests.kit.request import (
    answered,
    asked,
    expected_answer,
    narrowed,
    said,
)
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import looks_like_throughout
from parity_tests.known_mistakes.observable import OUTPUT
from parity_tests.law import Law
from parity_tests.pinned import rerun_command

N_OBSERVED = 12  # departures, and agreements, that a diagnosis rests on
N_TRIES = 10  # cases more, to try a declared capability that none had


class Departs(Exception):  # noqa: N818 - it says what happened
    """An answer is not what the reference gives, or breaks a law, or none came."""


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
        self.agreeing: list[tuple[Case, Any]] = []
        self.departing: list[tuple[Case, Any]] = []
        self.answers = True

    def run(self, cases: list[Case]) -> None:
        """Search for a departure, then for broken laws, then for an explanation."""
        failure = self.failure(self.agrees, cases)
        for name in sorted(self.request.supports - self.verdict.tried.keys()):
            if not (failure or cases):  # what is declared is tried, by whatever cases
                failure = self.failure(self.agrees, [], TRIED_BY[name])
        if failure:
            self.verdict.case, self.verdict.first_difference = failure
        for law in laws_of(self.concept) if self.answers else ():
            failure = self.failure(partial(self.obeys, law), cases)
            self.verdict.laws[law.sentence] = failure[1] if failure else None
            if failure and self.verdict.case is None:
                self.verdict.case = failure[0]
        self.verdict.looks_like = self.diagnose()
        if self.verdict.case:
            self.verdict.rerun = (
                rerun_command(self.concept.path, self.verdict.case)
                + f" --impl {self.request.target}"
            )

    def failure(
        self,
        holds: Callable[[Case], None],
        cases: list[Case],
        among: Callable[[Case], bool] | None = None,
    ) -> tuple[Case, str] | None:
        """Return the smallest case that a property fails on, and how."""
        smallest: list[tuple[Case, str]] = []

        def noted(case: Case) -> None:
            case = narrowed(case, self.request.supports, self.request.dtype)
            try:
                holds(case)
            except (Departs, GaveUp) as departure:
                smallest[:] = [(case, str(departure))]
                raise

        # Where it departs in several ways, Hypothesis raises a group of all of them.
        with suppress(Departs, GaveUp, ExceptionGroup):
            if cases:
                for case in cases:
                    noted(case)
            else:
                search(noted, self.request, among)
        return smallest[0] if smallest else None

    def obeys(self, law: Law, case: Case) -> None:
        """Hold the implementation to a law on one case."""
        try:
            agreement = law.check(Outside(self.concept, self.ask), case)
        except (IndexError, TypeError, ValueError) as error:
            raise Departs(f"its answer has no such form: {error}") from error
        if not agreement.holds:
            raise Departs(agreement.reason)

    def agrees(self, case: Case) -> None:
        """Compare the answer to one case with the reference's."""
        right = expected_answer(self.concept, case)
        answer = said(self.ask(case))
        self.verdict.examples += 1
        self.verdict.tried.update(tried(case, self.request.supports))
        agreement = right.judge(answer)
        departs = agreement.score > LIMIT
        self.observe(case, answer, self.departing if departs else self.agreeing)
        if departs:
            raise Departs(f"{agreement.reason} (score {agreement.score:.3g})")
        self.verdict.score = max(self.verdict.score, agreement.score)

    def observe(
        self, case: Case, answer: Any, observed: list[tuple[Case, Any]]
    ) -> None:
        """Keep some answers for the diagnosis."""
        if len(observed) < N_OBSERVED:
            observed.append((case, answer))

    def diagnose(self) -> list[str]:
        """Name the known mistakes that give the same answers."""
        if not self.departing:
            return []
        observed = [*self.departing, *self.agreeing]
        return looks_like_throughout(
            self.concept, observed, replace(OUTPUT, run=answered)
        )

    def ask(self, case: Case) -> dict[str, Any]:
        """Ask the implementation, and note what it says on the side.

        Raises:
            Departs: there was no answer to this.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        request = asked(self.concept, case)
        request = translated(self.concept, self.request.conventions, request)
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
    cases = cases_for(request.concept, request.conventions)
    chosen = cases.filter(among) if among else cases
    quiet(seed(request.seed)(given(chosen)(holds)))()
