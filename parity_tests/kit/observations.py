"""Answers that a diagnosis rests on: some that differ, and some that agree."""

from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes import Effect, looks_like

N_OBSERVED = 12  # of each kind


class Observations:
    """What an implementation gave in some cases; `effect` says what was looked at."""

    def __init__(self, effect: Effect):
        self.effect = effect
        self.agreeing: list[tuple[Case, Any]] = []
        self.differing: list[tuple[Case, Any]] = []
        self.most = N_OBSERVED

    def make_room(self) -> None:
        """Take as many once more."""
        self.most += N_OBSERVED

    def add(self, case: Case, observed: Any, differs: bool) -> None:
        """Add what was observed, unless there is enough of its kind."""
        same_kind = self.differing if differs else self.agreeing
        if len(same_kind) < self.most:
            same_kind.append((case, observed))

    def diagnose(self, pair: Pair) -> list[str]:
        """Name the known mistakes that would give all that was observed."""
        if not self.differing:
            return []
        observed = [*self.differing, *self.agreeing]
        return looks_like(pair, observed, self.effect)
