"""Find out what a module class can do beyond the least: try it on a few cases.

A class that cannot is right all the same. So what it is not asked for any more is said,
with what happened when it was tried. A function has to declare what it can do, since it
alone knows whether it looks for a mask or for a gradient.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.kit.abilities import (
    DROPOUT,
    GRADIENTS,
    LEADING_AXES,
    Abilities,
    abilities_of,
    declared,
    with_probability,
)
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.asking import Request
from parity_tests.kit.bases import size_of, with_leading
from parity_tests.kit.dialogue import Dialogue, Differs
from parity_tests.kit.draws import N_BASES, Draws, P, draws, n_masked
from parity_tests.kit.scripts import Call, Script
from parity_tests.lockstep.backward import gradient_for

N_TRIALS = 3
SECONDS = 2.0
NO_CASE = "no case was found to try it on"
DIFFERS_BEFORE = "its output differs without that"
SAME_DRAWS = "in training it drops the same numbers in every call"
NOTHING_DROPPED = "in training it drops nothing"
OWN_DRAWS = (
    "its dropout draws other random numbers than PyTorch's: how many are dropped and "
    "how the others are scaled was compared, not which"
)
CLOSE = 1e-3  # relative: another mask gives other numbers altogether
HOLDS_PROBABILITY = "parity_tests.kit.running:holds_probability"
N_LEADING = {"no axis before the others": (), "two leading axes": (2, 3)}


class Trials:
    """Tries what nobody declared; `found` is a case that shows that it is wrong."""

    def __init__(self, request: Request, dialogue: Dialogue, bases: list[Case]):
        self.pair, self.request = request.pair, request
        self.dialogue, self.bases = dialogue, bases
        self.found: tuple[Case, str] | None = None
        self.remarks: list[str] = []
        self.own_draws = False

    def abilities(self) -> Abilities:
        """Return what is declared, and what turned out to be there.

        Raises:
            GaveUp: it hangs, or ended its process; `found` has the case.
        """
        supports = self.request.supports
        if not (self.dialogue.process.is_module and self.pair.is_module):
            return declared(self.pair, supports)
        trials = {
            DROPOUT: self.no_dropout,
            GRADIENTS: self.no_gradients,
            LEADING_AXES: self.no_leading_axes,
        }
        names = sorted(abilities_of(self.pair) - supports)
        if not self.bases:
            return Abilities(supports, dict.fromkeys(names, NO_CASE), True)
        if names and (wrong := self.difference(self.bases[0])):
            self.found = self.bases[0], wrong
            return Abilities(supports, dict.fromkeys(names, DIFFERS_BEFORE), True)
        reasons = {name: trials[name]() for name in names}
        not_tried = {name: reason for name, reason in reasons.items() if reason}
        tried = supports | (reasons.keys() - not_tried.keys())
        return Abilities(tried, not_tried, True, self.own_draws)

    def reference(self, case: Case) -> Any:
        """Return the reference's output."""
        return adapter_of(self.pair).answer(self.pair, case, None)

    def difference(self, case: Case) -> str:
        """Say how the output for a case differs from the reference's, if it does."""
        answer = self.dialogue.fresh(case)
        if "trouble" in answer:
            return f"it {answer['trouble']}"
        agreement = adapter_of(self.pair).judge(self.pair, case, answer["output"])
        return "" if agreement.holds else f"its output differs {agreement.reason}"

    def no_leading_axes(self) -> str:
        """Say why other numbers of leading axes are not tried, if they are not."""
        for words, leading in N_LEADING.items():
            case = with_leading(self.pair, self.bases[0], *leading)
            if wrong := self.difference(case):
                return f"with {words} {wrong}"
        return ""

    def no_gradients(self) -> str:
        """Say why gradients are not tried: there are none in any of some cases."""
        reason = ""
        for case in self.bases[:N_TRIALS]:
            grad_output = gradient_for(case, self.reference(case))
            try:
                self.dialogue.ask_backward(case, grad_output)
            except Differs as difference:
                reason = f"{difference} when autograd runs backward"
            else:
                return ""
        return reason

    def no_dropout(self) -> str:
        """Say why dropout is not tried: there is none.

        If all numbers that PyTorch drops are dropped, results are compared. Otherwise
        it may draw others; then their distribution is.
        """
        cases = self.trained()
        if all(self.drops_as_pytorch(case) for case in cases):
            return ""
        if self.equals(cases[0], replace(cases[0], training=False)):
            request = self.dialogue.request_of(cases[0])
            asked = {**request, "worker": HOLDS_PROBABILITY}
            if not self.dialogue.answer_to(asked)["output"]:
                return NOTHING_DROPPED
            self.wrong(cases[0], f"{NOTHING_DROPPED}, with a probability of {P:g}")
            return ""
        equal_texts = draws(self.pair, self.bases)
        if equal_texts is None:
            return OWN_DRAWS
        if wrong := self.wrong_draws(equal_texts):
            self.wrong(equal_texts.case, wrong)
        else:
            self.own_draws = True
            self.remarks.append(OWN_DRAWS)
        return ""

    def wrong(self, case: Case, reason: str) -> None:
        """Note what is wrong with its dropout, whichever numbers it draws."""
        self.found = case, reason
        self.remarks.append(reason)

    def trained(self) -> list[Case]:
        """Choose cases in which most numbers may be dropped, and train on them.

        Code may drop tile by tile: then one large case shows that it draws in another
        order.
        """
        chosen = self.bases[:N_BASES]
        chosen.sort(key=lambda case: n_masked(self.pair, case), reverse=True)
        chosen = chosen[:N_TRIALS]
        if not self.request.conventions:
            probes = (probe.case for probe in self.pair.probes(0))
            large = max(probes, key=size_of, default=None)
            chosen += [large] if large else []
        return [with_probability(case, P) for case in chosen]

    def drops_as_pytorch(self, case: Case) -> bool:
        """Whether what it drops in training is what PyTorch drops under the seed."""
        return self.equals(case, case)

    def equals(self, case: Case, other: Case) -> bool:
        """Whether the output for a case is close to the reference's for another."""
        output: Any = self.dialogue.fresh(case).get("output")
        right = self.reference(self.pair.with_masks(other))
        if np.shape(output) != right.shape or not right.size:
            return False
        return bool(np.abs(output - right).max() <= CLOSE * np.abs(right).max())

    def wrong_draws(self, equal_texts: Draws) -> str:
        """Say what is wrong with what one object drops, in two calls."""
        again = replace(equal_texts.case, seed=equal_texts.case.seed + 1)
        calls = [Call(0, equal_texts.case), Call(0, again)]
        said = self.dialogue.in_session(Script("", calls), SECONDS)
        for answer in said["answers"]:
            if "trouble" in answer:
                return f"it {answer['trouble']}"
            if wrong := equal_texts.difference(answer["output"]):
                return wrong
        one, other = (answer["output"] for answer in said["answers"])
        return SAME_DRAWS if np.array_equal(one, other) else ""
