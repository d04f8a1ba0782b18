"""State: objects that are kept must give what new ones give for the same input."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from parity_tests.contract.agreement import compare
from parity_tests.contract.case import Case
from parity_tests.kit.abilities import DROPOUT, abilities_of, with_probability
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.bases import variants
from parity_tests.kit.dialogue import Dialogue, Differs, GaveUp
from parity_tests.kit.draws import P
from parity_tests.kit.gradients import Named
from parity_tests.kit.scripts import Script, scripts
from parity_tests.lockstep.backward import gradient_for
from parity_tests.rounding.expected import expected_gradients, result_unit

SECONDS = 2.0  # for the calls of one script; a slow implementation makes fewer
OVERWRITTEN = "in the same array, once another call was made"
IN_TURN = "where two forward passes come before the backward passes"


class Sessions:
    """Plays scripts, and compares each answer with that of a new object."""

    def __init__(self, dialogue: Dialogue, time_limit: float):
        self.dialogue, self.pair = dialogue, dialogue.pair
        self.seconds = min(SECONDS, time_limit / 2)
        self.n_calls = 0

    def first_difference(
        self, cases: list[Case], gradients: bool
    ) -> tuple[Case, str] | None:
        """Play all scripts on these cases; return the first that shows a difference."""
        is_module = self.dialogue.process.is_module
        if DROPOUT in abilities_of(self.pair):
            dropping = (with_probability(case, P) for case in cases)
            cases = [replace(case, training=False) for case in dropping]
        plays: list[tuple[Case, Callable[[], None]]] = [
            (script.calls[0].case, partial(self.play, script))
            for script in scripts(self.pair, cases, is_module)
        ]
        if gradients and is_module:
            two = [cases[0], *variants(self.pair, cases[0])][:2]
            plays.append((cases[0], partial(self.backward_in_turn, two)))
        for case, play in plays:
            try:
                play()
            except (Differs, GaveUp) as difference:
                return case, str(difference)
        return None

    def play(self, script: Script) -> None:
        """Play one script.

        Raises:
            Differs: an object that is kept gives something else than a new one.
        """
        compared = {call.case: None for call in script.calls if call.compared}
        fresh = {case: self.dialogue.fresh(case) for case in compared}
        said = self.dialogue.in_session(script, self.seconds)
        answers = said["answers"]
        for index, (call, answer) in enumerate(
            zip(script.calls, answers, strict=False)
        ):
            self.n_calls += 1
            if call.compared:
                how = script.how.format(n=index + 1)
                unit = result_unit(self.pair, call.case)
                self.check_equal(fresh[call.case], answer, unit, how)
        for index, later in said["later"] if script.keeps else ():
            self.check_equal(answers[index], later, 0.0, OVERWRITTEN)

    def check_equal(self, one: Any, other: Any, unit: float, how: str) -> None:
        """Check that two answers to one question are equal, but for rounding.

        Raises:
            Differs: they are not.
        """
        if "output" in one and "output" in other:
            if compare(one["output"], other["output"], unit).holds:
                return
        elif one == other:
            return
        self.dialogue.unequal = one, other
        raise Differs(f"{self.dialogue.two_results()}, {how}")

    def backward_in_turn(self, cases: list[Case]) -> None:
        """Run forward twice, then backward twice: each has its own saved values.

        Raises:
            Differs: gradients are not those of a module that ran one alone.
        """
        outputs = (adapter_of(self.pair).answer(self.pair, c, None) for c in cases)
        given = [*map(gradient_for, cases, outputs)]
        fresh = [*map(self.dialogue.ask_backward, cases, given)]
        said = self.dialogue.backward_in_turn(cases, given)
        for case, alone, answer in zip(cases, fresh, said["answers"], strict=True):
            self.n_calls += 1
            self.check_gradients(case, alone, self.dialogue.gradients_in(answer, case))

    def check_gradients(self, case: Case, alone: Named, in_turn: Named) -> None:
        """Check that gradients are equal, but for rounding.

        Raises:
            Differs: they are not.
        """
        fine = expected_gradients(self.pair, case).fine
        for name, gradient in alone.items():
            if not compare(gradient, in_turn[name], fine[name]).holds:
                self.dialogue.unequal = {"output": gradient}, {"output": in_turn[name]}
                said = self.dialogue.two_results()
                raise Differs(f"{said}, in the gradient of {name}, {IN_TURN}")
