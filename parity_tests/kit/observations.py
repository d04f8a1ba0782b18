"""Answers that an explanation rests on: some that differ, and some that agree."""

from collections.abc import Callable
from typing import Any

import numpy as np

from parity_tests.contract.case import Case, changed
from parity_tests.contract.pair import Pair
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.differing import (
    Observed,
    where_gradients_differ,
    where_outputs_differ,
)
from parity_tests.kit.facts import when
from parity_tests.kit.inferred import inferred
from parity_tests.kit.inferred_gradients import inferred_of_gradients
from parity_tests.kit.verdict import Verdict
from parity_tests.known_mistakes import GRADIENTS, Effect, looks_like
from parity_tests.known_mistakes.nearest import nearest
from parity_tests.rounding.expected import expected_gradients

N_OBSERVED = 12  # of each kind

Where = Callable[[Pair, Observed], list[str]]


class Observations:
    """What an implementation gave in some cases; `effect` says what was looked at.

    Numbers are held in the precision of the case: that their dtype is another one is a
    difference of its own, and is no reason not to explain their values.
    """

    def __init__(self, effect: Effect):
        self.effect = effect
        self.agreeing: list[tuple[Case, Any]] = []
        self.differing: list[tuple[Case, Any]] = []
        self.most = N_OBSERVED
        self.latest: tuple[Case, Any] | None = None  # that differs
        self.cases: dict[bool, list[Case]] = {
            True: [],
            False: [],
        }  # by whether they differ
        self.n_cases = 0  # that differ, while a small one was sought
        self.n_found = 0  # of those that differ, while a small one was sought

    def look_around(self) -> None:
        """Take as many once more, of cases that are drawn for that."""
        self.n_found, self.n_cases = len(self.differing), len(self.cases[True])
        self.most += N_OBSERVED

    def add(self, case: Case, observed: Any, differs: bool) -> None:
        """Add what was observed, unless there is enough of its kind."""
        same_kind = self.differing if differs else self.agreeing
        self.cases[differs].append(case)
        if differs:
            self.latest = case, observed
        if len(same_kind) < self.most:
            same_kind.append((case, in_precision_of(case, observed)))

    def explain(self, pair: Pair, verdict: Verdict) -> bool:
        """Write down where and when it differs, and what that looks like.

        Returns:
            Whether any values are wrong.
        """
        if not self.differing:
            return False
        wrong = self.with_wrong_values(pair)
        # All that differ is similar where none was drawn besides the search for a small
        # counterexample.
        n_similar = self.n_cases or len(self.cases[True])
        if found := when(self.cases[True], self.cases[False], n_similar):
            verdict.when.append(found)
        if not wrong:
            verdict.where.append("only in its dtype")
            return False
        if self.effect.name == GRADIENTS.name:
            verdict.where += where_gradients_differ(pair, self.differing)
            verdict.inferred += inferred_of_gradients(pair, wrong)
        elif pair.adapter is None:
            verdict.where += where_outputs_differ(pair, self.differing)
            verdict.inferred += inferred(pair, wrong)
        if any(self.holds(pair, case, seen) for case, seen in self.differing):
            verdict.where.append("elsewhere in its dtype alone")
        observed = [*self.differing, *self.agreeing]
        if names := looks_like(pair, observed, self.effect):
            verdict.looks_like += names
            return True
        near = nearest(pair, wrong, self.effect)
        verdict.nearest = f"not a known mistake{f'; nearest: {near}' if near else ''}"
        return True

    def with_wrong_values(self, pair: Pair) -> list[tuple[Case, Any]]:
        """Choose what differs by more than its dtype, as it was drawn if there is any.

        What the search for a small counterexample left is small, and fits anything.
        """
        wrong = [
            [(case, seen) for case, seen in cases if not self.holds(pair, case, seen)]
            for cases in (
                self.differing[self.n_found :],
                self.differing[: self.n_found],
            )
        ]
        return wrong[0] or wrong[1]

    def holds(self, pair: Pair, case: Case, seen: Any) -> bool:
        """Whether values agree that are held in the precision of their case."""
        if self.effect.name != GRADIENTS.name:
            return adapter_of(pair).judge(pair, case, seen).holds
        judged = expected_gradients(pair, case).judge(seen)
        return all(agreement.holds for agreement in judged.values())


def in_precision_of(case: Case, observed: Any) -> Any:
    """Hold floating-point numbers in the precision of their case.

    >>> case = Case({}, {"x": np.ones(1, np.float32)})
    >>> in_precision_of(case, {"x": np.ones(1)})
    {'x': array([1.], dtype=float32)}
    """
    if isinstance(observed, list):
        return [in_precision_of(case, each) for each in observed]
    if not case.dtype:
        return observed
    with np.errstate(over="ignore"):
        return changed(observed, lambda array: array.astype(case.dtype))
