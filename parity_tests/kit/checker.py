"""One check under way: ask for case after case, compare, and explain a departure."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from parity_tests.agreement import Agreement
from parity_tests.backward import WayBack
from parity_tests.concept import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.capabilities import GRADIENTS, TRIED_BY, tried
from parity_tests.kit.conventions import cases_for
from parity_tests.kit.dialogue import Departs, Dialogue, GaveUp
from parity_tests.kit.implementation import Implementation
from parity_tests.kit.observations import Observations
from parity_tests.kit.outside import Outside, laws_of
from parity_tests.kit.request import answered, expected_answer, narrowed, said
from parity_tests.kit.verdict import Verdict
from parity_tests.kit.way_back import expected_back
from parity_tests.known_mistakes import observable
from parity_tests.law import Law
from parity_tests.pinned import rerun_command

N_TRIES = 10  # cases more, to try a declared capability that none had


class Checker:
    """One check under way: asks, compares, and writes down what it finds."""

    def __init__(
        self, request: Request, implementation: Implementation, verdict: Verdict
    ):
        self.request = request
        self.concept = request.concept
        self.dialogue = Dialogue(request, implementation, verdict)
        self.verdict = verdict
        self.drawn: list[Case] = []
        self.there = Observations(replace(observable.OUTPUT, run=answered))
        self.back = Observations(observable.GRADIENTS)

    def run(self, cases: list[Case]) -> None:
        """Search for a departure, then for broken laws, then for an explanation."""
        failure = self.failure(self.agrees, cases)
        for name in sorted(self.request.supports - self.verdict.tried.keys()):
            if not (failure or cases):  # what is declared is tried, by whatever cases
                failure = self.failure(self.agrees, [], TRIED_BY[name])
        if failure:
            self.verdict.case, self.verdict.first_difference = failure
        for law in laws_of(self.concept) if self.dialogue.answers else ():
            failure = self.broken(law, cases)
            self.verdict.laws[law.sentence] = failure[1] if failure else None
            if failure and self.verdict.case is None:
                self.verdict.case = failure[0]
        seen = (self.there, self.back)
        if any(each.departing for each in seen) and self.dialogue.answers and not cases:
            self.look_around()
        for each in seen:
            self.verdict.looks_like += each.diagnose(self.concept)
        if self.verdict.case:
            self.verdict.rerun = rerun_command(
                self.concept.path, self.verdict.case, *self.request.options
            )

    def look_around(self) -> None:
        """Observe some cases as they are drawn: small ones fit several mistakes."""
        self.there.make_room()
        self.back.make_room()
        elsewhere = replace(self.request, examples=N_TRIES, seed=self.request.seed + 1)

        def observe(case: Case) -> None:
            case = narrowed(case, self.request.supports, self.request.dtype)
            if self.dialogue.answers:
                raised(self.agrees, case)

        search(observe, elsewhere)

    def broken(self, law: Law, cases: list[Case]) -> tuple[Case, str] | None:
        """Return the smallest case that breaks a law, and how.

        What agreed is not drawn once more: a law is tried on the same cases, and others
        are drawn to find a smaller one.
        """
        obeys = partial(self.obeys, law)
        agreed = [] if self.verdict.first_difference else self.drawn
        failure = self.failure(obeys, cases or agreed)
        if failure is None or cases or not (agreed and self.dialogue.answers):
            return failure
        return self.failure(obeys, []) or failure

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
            departure = raised(holds, case)
            if departure is not None:
                smallest[:] = [(case, str(departure))]
                # From this one place, or Hypothesis takes them for different failures.
                raise GaveUp if isinstance(departure, GaveUp) else Departs

        with suppress(Departs, GaveUp):
            if cases:
                for case in cases:
                    noted(case)
            else:
                search(noted, self.request, among)
        return smallest[0] if smallest else None

    def obeys(self, law: Law, case: Case) -> None:
        """Hold the implementation to a law on one case."""
        try:
            agreement = law.check(Outside(self.concept, self.dialogue.ask), case)
        except (IndexError, TypeError, ValueError) as error:
            raise Departs(f"its answer has no such form: {error}") from error
        if not agreement.holds:
            raise Departs(agreement.reason)

    def agrees(self, case: Case) -> None:
        """Compare the answer to one case with the reference's, there and back again."""
        self.drawn.append(case)
        right = expected_answer(self.concept, case)
        answer = said(self.dialogue.ask(case))
        self.verdict.examples += 1
        self.verdict.tried.update(tried(case, self.request.supports - {GRADIENTS}))
        agreement = right.judge(answer)
        self.there.keep(case, answer, departs=not agreement.holds)
        self.accept(agreement)
        if GRADIENTS in self.request.supports:
            self.agrees_back(case, answer)

    def agrees_back(self, case: Case, output: Any) -> None:
        """Compare the gradients with the reference's, the way there being right."""
        right = expected_back(self.concept, case, output)
        answer = self.dialogue.ask_back(case, right.grad_output)
        self.verdict.tried[GRADIENTS] += 1
        agreements = dict(right.judge(answer))
        departs = not all(each.holds for each in agreements.values())
        self.back.keep(case, WayBack(right.grad_output, answer), departs)
        for name, agreement in agreements.items():
            self.accept(agreement, f"the gradient of {name} ")

    def accept(self, agreement: Agreement, what: str = "") -> None:
        """Note the score of what agrees.

        Raises:
            Departs: it does not agree.
        """
        if not agreement.holds:
            raise Departs(f"{what}{agreement.reason} (score {agreement.score:.3g})")
        self.verdict.score = max(self.verdict.score, agreement.score)


def raised(holds: Callable[[Case], None], case: Case) -> Departs | GaveUp | None:
    """Return what a property raises on a case that it fails on."""
    try:
        holds(case)
    except (Departs, GaveUp) as departure:
        return departure
    return None


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
