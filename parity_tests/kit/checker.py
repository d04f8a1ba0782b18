"""One check under way: ask for case after case, compare, and explain a difference."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis.errors import Flaky

from parity_tests.contract.agreement import LIMIT, Agreement
from parity_tests.contract.case import Case
from parity_tests.contract.pinned import command_for
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.kit.abilities import GRADIENTS, narrowed, tries
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.asking import Request
from parity_tests.kit.dialogue import Dialogue, Differs, GaveUp
from parity_tests.kit.observations import Observations
from parity_tests.kit.process import Process
from parity_tests.kit.search import N_TRIES, raised, search
from parity_tests.kit.under_test import UnderTest, properties_of
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import GRADIENTS as OF_GRADIENTS
from parity_tests.known_mistakes import OUTPUT
from parity_tests.lockstep.backward import gradient_for
from parity_tests.rounding.expected import expected_backward

Found = tuple[Case, str]  # a case, and what is wrong there


class Checker:
    """One check under way: asks, compares, and writes down what it finds."""

    def __init__(self, request: Request, process: Process, verdict: Verdict):
        self.request, self.pair = request, request.pair
        self.adapter = adapter_of(self.pair)
        self.dialogue = Dialogue(request, process, verdict)
        self.under_test = UnderTest(self.pair, self.dialogue.ask)
        self.verdict = verdict
        self.drawn: list[Case] = []
        self.outputs = Observations(replace(OUTPUT, run=self.adapter.answer))
        self.gradients = Observations(OF_GRADIENTS)

    def run(self, cases: list[Case]) -> None:
        """Search for a difference, for properties that fail, for an explanation."""
        found = self.failure(self.agrees, cases)
        if not (found or cases):  # a small counterexample is best, but any will do
            found = self.probed()
        for name in sorted(self.request.supports - self.verdict.tried.keys()):
            if not (found or cases):  # what is declared is tried, by whatever cases
                found = self.failure(self.agrees, [], tries(self.pair, name))
        if found:
            self.verdict.case, self.verdict.first_difference = found
        for each in properties_of(self.pair):
            if not self.dialogue.answers:
                break
            found = self.counterexample(each, cases)
            self.verdict.properties[each.sentence] = found[1] if found else None
            if found and self.verdict.case is None:
                self.verdict.case = found[0]
        self.explain(cases)
        if self.verdict.case:
            path, options = self.pair.path, self.request.options
            self.verdict.reproduce = command_for(path, self.verdict.case, *options)

    def probed(self) -> Found | None:
        """Return the first of the pair's fixed cases that differs, and how."""
        for probe in self.pair.probes(self.request.seed):
            if not self.dialogue.answers:
                break
            if found := self.failure(self.agrees, [probe.case]):
                return found[0], f"{found[1]} (where {probe.rule})"
        return None

    def explain(self, cases: list[Case]) -> None:
        """Name the known mistakes that would give what was observed."""
        observed = (self.outputs, self.gradients)
        differs = any(each.differing for each in observed)
        if differs and self.dialogue.answers and not cases:
            self.look_around()
        for each in observed:
            self.verdict.looks_like += each.diagnose(self.pair)

    def look_around(self) -> None:
        """Observe some cases as they are drawn: small ones fit several mistakes."""
        self.outputs.make_room()
        self.gradients.make_room()
        elsewhere = replace(self.request, examples=N_TRIES, seed=self.request.seed + 1)

        def observe(case: Case) -> None:
            if self.dialogue.answers:
                raised(self.agrees, self.narrowed(case))

        search(observe, elsewhere)

    def counterexample(self, property_: Property, cases: list[Case]) -> Found | None:
        """Return the minimal counterexample of a property, and what is wrong there.

        What agreed is not drawn once more: a property is tried on the same cases, and
        others are drawn to find a smaller one.
        """
        has = partial(self.has, property_)
        agreed = [] if self.verdict.first_difference else self.drawn
        found = self.failure(has, cases or agreed)
        if found is None or cases or not (agreed and self.dialogue.answers):
            return found
        return self.failure(has, []) or found

    def failure(
        self,
        holds: Callable[[Case], None],
        cases: list[Case],
        among: Callable[[Case], bool] | None = None,
    ) -> Found | None:
        """Return the minimal case in which something does not hold, and how."""
        minimal: list[Found] = []

        def noted(case: Case) -> None:
            case = self.narrowed(case)
            difference = raised(holds, case)
            if difference is not None:
                minimal[:] = [(case, str(difference))]
                # From this one line, or Hypothesis takes them for different failures.
                raise GaveUp if isinstance(difference, GaveUp) else Differs

        with suppress(Differs, GaveUp):
            try:
                if not cases:
                    search(noted, self.request, among)
                for case in cases:
                    noted(case)
            except Flaky:  # it held when it was tried again
                return self.unrepeatable(minimal[0][0])
        if minimal and self.dialogue.answers:
            try:
                self.has(REPEATABLE, minimal[0][0])
            except Differs:
                return self.unrepeatable(minimal[0][0])
        return minimal[0] if minimal else None

    def unrepeatable(self, case: Case) -> Found:
        """Say that answers are not repeated: then there is no use in asking on."""
        self.dialogue.answers = False
        return case, self.dialogue.two_results()

    def narrowed(self, case: Case) -> Case:
        """Ask for no more than what is declared."""
        return narrowed(self.pair, case, self.request.supports, self.request.dtype)

    def has(self, property_: Property, case: Case) -> None:
        """Check that the implementation has a property in one case.

        Raises:
            Differs: it has not.
        """
        try:
            agreement = property_.check(self.under_test, case)
        except (IndexError, TypeError, ValueError) as error:
            raise Differs(f"its answer has another form: {error}") from error
        if not agreement.holds:
            raise Differs(agreement.reason)

    def agrees(self, case: Case) -> None:
        """Compare the answer to one case, and its gradients, with the reference's.

        Raises:
            Differs: they do not agree.
        """
        self.drawn.append(case)
        answer = self.dialogue.ask(case)
        self.verdict.examples += 1
        declared = self.request.supports - {GRADIENTS}
        tried = [name for name in declared if tries(self.pair, name)(case)]
        self.verdict.tried.update(tried)
        agreement = self.adapter.judge(self.pair, case, answer)
        self.outputs.add(case, answer, differs=not agreement.holds)
        self.accept(agreement)
        if GRADIENTS in self.request.supports:
            output = tuple(answer) if isinstance(answer, list) else answer
            self.gradients_agree(case, gradient_for(case, output))

    def gradients_agree(self, case: Case, grad_output: Any) -> None:
        """Compare the gradients with the reference's, the forward pass being right.

        Raises:
            Differs: they do not agree.
        """
        answer = self.dialogue.ask_backward(case, grad_output)
        self.verdict.tried[GRADIENTS] += 1
        agreements = expected_backward(self.pair, case).judge(answer)
        differs = not all(each.holds for each in agreements.values())
        self.gradients.add(case, answer, differs)
        for name, agreement in agreements.items():
            self.accept(agreement, f"the gradient of {name} ")

    def accept(self, agreement: Agreement, what: str = "") -> None:
        """Note the error of what agrees.

        Raises:
            Differs: it does not agree.
        """
        if not agreement.holds:
            raise Differs(f"{what}{agreement.reason}{in_units(agreement)}")
        self.verdict.error = max(self.verdict.error, agreement.error)


def in_units(agreement: Agreement) -> str:
    """Write an error, where it is finite, in rounding units.

    >>> in_units(Agreement(12.0, 0.5, "float64"))
    ' (error 12 rounding units, the limit is 8)'
    """
    if not agreement.error < math.inf:
        return ""
    return f" (error {agreement.error:.3g} rounding units, the limit is {LIMIT:g})"
