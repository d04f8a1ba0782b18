"""One check under way: ask for case after case, compare, and explain a difference."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis.errors import Flaky

from parity_tests.contract.agreement import LIMIT, Agreement
from parity_tests.contract.case import Case
from parity_tests.contract.pinned import command_for
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.kit.abilities import GRADIENTS, declared, narrowed, tries
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.asking import Request
from parity_tests.kit.bases import bases, fits, size_of
from parity_tests.kit.conventions import probes_for
from parity_tests.kit.dialogue import Dialogue, Differs, GaveUp
from parity_tests.kit.observations import Observations
from parity_tests.kit.process import Process
from parity_tests.kit.search import N_TRIES, raised, search
from parity_tests.kit.sessions import Sessions
from parity_tests.kit.trials import Trials
from parity_tests.kit.under_test import UnderTest, properties_of
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import GRADIENTS as OF_GRADIENTS
from parity_tests.known_mistakes import OUTPUT
from parity_tests.lockstep.backward import gradient_for
from parity_tests.rounding.expected import expected_gradients

RULE = "\nwhere "  # before the rule that a fixed case tries
BEYOND = 1e18  # rounding units, as where zero is expected and one comes
N_REPEATS = 5  # noise that is seen at times is within rounding at other times
Found = tuple[Case, str]  # a case, and what is wrong there


class Checker:
    """One check under way: asks, compares, and writes down what it finds."""

    def __init__(self, request: Request, process: Process, verdict: Verdict):
        self.request, self.pair = request, request.pair
        self.adapter = adapter_of(self.pair)
        self.dialogue = Dialogue(request, process, verdict)
        self.under_test = UnderTest(self.pair, self.dialogue.ask)
        self.verdict = verdict
        self.abilities = declared(self.pair, request.supports)
        self.drawn: list[Case] = []
        self.outputs = Observations(replace(OUTPUT, run=self.adapter.answer))
        self.gradients = Observations(OF_GRADIENTS)

    def run(self, cases: list[Case]) -> None:
        """Search for a difference, for properties that fail, for an explanation."""
        large = bases(self.request)
        shown = self.settle(large)
        found = self.failure(self.agrees, cases) if self.dialogue.answers else None
        if not (found or cases):  # a small counterexample is best, but any will do
            found = self.probed()
        for name in sorted(self.abilities.tried - self.verdict.tried.keys()):
            if not (found or cases):  # what it can do is tried, by whatever cases
                found = self.failure(self.agrees, [], tries(self.pair, name))
        found = found or (None if cases else shown)
        found = found or self.remembering([*cases, *large])
        if found:
            self.verdict.case, self.verdict.first_difference = found
            self.write_down_both(found[0])
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

    def settle(self, large: list[Case]) -> Found | None:
        """Find out what is to be tried; return what already shows that it is wrong."""
        trials = Trials(self.request, self.dialogue, large)
        try:
            self.abilities = trials.abilities()
        except GaveUp as end:
            return large[0], str(end)
        self.verdict.not_tried = self.abilities.not_tried
        self.verdict.remarks += trials.remarks
        return trials.found

    def remembering(self, cases: list[Case]) -> Found | None:
        """Return a case for which a used object gives something else than a new one."""
        usable = [
            replace(case, training=False, grad_output=None, masks=None)
            for case in map(self.narrowed, cases)
            if size_of(case) and fits(self.pair, case)
        ]
        if not (usable and self.dialogue.answers):
            return None
        sessions = Sessions(self.dialogue, self.request.time_limit)
        found = sessions.first_difference(usable, GRADIENTS in self.abilities.tried)
        self.verdict.calls = sessions.n_calls
        return found

    def probed(self) -> Found | None:
        """Return the first of the pair's fixed cases that differs, and how."""
        n_drawn = len(self.drawn)
        for probe in self.probes():
            if not self.dialogue.answers:
                break
            found = self.failure(self.agrees, [probe.case])
            del self.drawn[n_drawn:]  # properties are tried on what was drawn
            if found and not self.rejects_views(*found):
                return found[0], with_rule(found[1], probe)
        return None

    def probes(self) -> Iterator[Probe]:
        """Make the fixed cases that the implementation can take."""
        asked = self.request
        return probes_for(self.pair, asked.conventions, asked.seed, asked.dtype)

    def rejects_views(self, case: Case, why: str) -> bool:
        """Whether it raises an error for a view, and agrees where there is none.

        That is a remark and no difference: `torch.from_numpy` takes no negative stride.
        """
        copied = case.map(lambda array: array.copy())
        if "it raises" not in why or copied.fingerprint == case.fingerprint:
            return False
        self.dialogue.answers = True
        if self.failure(self.agrees, [copied]):
            return False
        remark = "it rejects arrays that are views, such as those with negative strides"
        if remark not in self.verdict.remarks:
            self.verdict.remarks.append(remark)
        return True

    def write_down_both(self, case: Case) -> None:
        """Write down what is right in the counterexample, and what came instead."""
        for latest in filter(None, (self.gradients.latest, self.outputs.latest)):
            if latest[0] is case:
                self.verdict.observed = latest[1]
        if self.verdict.observed is None:
            return
        if isinstance(self.verdict.observed, dict):
            expected = expected_gradients(self.pair, case).backward.gradients
        else:
            expected = self.adapter.answer(self.pair, case, None)
        self.verdict.expected = expected

    def explain(self, cases: list[Case]) -> None:
        """Say where it differs, and which known mistakes would give what was seen."""
        observed = (self.outputs, self.gradients)
        differs = any(each.differing for each in observed)
        if differs and self.dialogue.answers and not cases:
            self.look_around()
        for each in observed:  # gradients of what is wrong are no finding
            if each.explain(self.pair, self.verdict):
                break

    def look_around(self) -> None:
        """Observe cases as they are drawn, and fixed ones: small ones fit anything."""
        self.outputs.look_around()
        self.gradients.look_around()
        elsewhere = replace(self.request, examples=N_TRIES, seed=self.request.seed + 1)

        def observe(case: Case) -> None:
            self.difference_in(case)

        search(observe, elsewhere, narrowed=self.narrowed)
        seen = [(probe, self.difference_in(probe.case)) for probe in self.probes()]
        self.choose_among([(probe, found) for probe, found in seen if found])

    def difference_in(self, case: Case) -> Differs | GaveUp | None:
        """Return what is wrong in a case, as long as there are answers."""
        if not self.dialogue.answers:
            return None
        return raised(self.agrees, self.narrowed(case))

    def choose_among(self, differing: list[tuple[Probe, Differs | GaveUp]]) -> None:
        """Of fixed texts that differ, list the rules, and show the shortest."""
        if self.pair.adapter is None:
            return  # for sizes that differ, `when` says more
        differing.sort(key=lambda each: extent(each[0].case))
        self.verdict.rules = [*dict.fromkeys(probe.rule for probe, _ in differing)]
        shown = self.verdict.first_difference or ""
        if not (differing and RULE in shown and self.dialogue.answers):
            return
        probe, case = differing[0][0], self.narrowed(differing[0][0].case)
        if found := raised(self.agrees, case):
            self.verdict.case, self.verdict.observed = case, None
            self.verdict.first_difference = with_rule(str(found), probe)
            self.write_down_both(case)

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
                    search(noted, self.request, among, self.narrowed)
                for case in cases:
                    noted(case)
            except Flaky:  # it held when it was tried again
                return self.unrepeatable(minimal[0][0])
        if minimal and self.dialogue.answers:
            try:
                for _ in range(N_REPEATS):
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
        return narrowed(self.pair, case, self.abilities, self.request.dtype)

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
        others = self.abilities.tried - {GRADIENTS}
        tried = [name for name in others if tries(self.pair, name)(case)]
        self.verdict.tried.update(tried)
        agreement = self.adapter.judge(self.pair, case, answer)
        self.outputs.add(case, answer, differs=not agreement.holds)
        self.accept(agreement)
        if GRADIENTS in self.abilities.tried:
            output = tuple(answer) if isinstance(answer, list) else answer
            self.gradients_agree(case, gradient_for(case, output))

    def gradients_agree(self, case: Case, grad_output: Any) -> None:
        """Compare the gradients with the reference's, the forward pass being right.

        Raises:
            Differs: they do not agree.
        """
        answer = self.dialogue.ask_backward(case, grad_output)
        self.verdict.tried[GRADIENTS] += 1
        agreements = expected_gradients(self.pair, case).judge(answer)
        differs = not all(each.holds for each in agreements.values())
        self.gradients.add(case, answer, differs)
        for name, agreement in agreements.items():
            self.accept(agreement, f"the gradient of {name}: ")

    def accept(self, agreement: Agreement, what: str = "") -> None:
        """Note the error of what agrees.

        Raises:
            Differs: it does not agree.
        """
        if not agreement.holds:
            raise Differs(f"{what}{agreement.reason}{in_units(agreement)}")
        self.verdict.error = max(self.verdict.error, agreement.error)


def with_rule(difference: str, probe: Probe) -> str:
    """Write the rule that a fixed case tries below what differs in it."""
    return f"{difference}{RULE}{probe.rule}"


def extent(case: Case) -> int:
    """Count the characters of a text, or the ids of rows.

    >>> extent(Case({}, {"text": "abc"})), extent(Case({}, {"ids": [[7, 8], [9]]}))
    (3, 3)
    """
    if "ids" in case.inputs:
        return sum(map(len, case.inputs["ids"]))
    return len(case.inputs["text"])


def in_units(agreement: Agreement) -> str:
    """Write an error, unless it is beyond all measure, in rounding units.

    >>> in_units(Agreement(12.0, 0.5, "float64"))
    ' (error 12 rounding units, the limit is 8)'
    """
    if not agreement.error < BEYOND:
        return ""
    return f" (error {agreement.error:.3g} rounding units, the limit is {LIMIT:g})"
