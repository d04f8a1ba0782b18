"""Answers kept for the diagnosis: some that depart, and some that agree."""

from typing import Any

from parity_tests.concept import Case, Concept
from parity_tests.known_mistakes import looks_like_throughout
from parity_tests.known_mistakes.observable import Observable

N_OBSERVED = 12  # departures, and agreements, that a diagnosis rests on


class Observations:
    """What was seen of an implementation in some cases, `where` saying what is seen."""

    def __init__(self, where: Observable):
        self.where = where
        self.agreeing: list[tuple[Case, Any]] = []
        self.departing: list[tuple[Case, Any]] = []
        self.most = N_OBSERVED

    def make_room(self) -> None:
        """Keep as many once more."""
        self.most += N_OBSERVED

    def keep(self, case: Case, seen: Any, departs: bool) -> None:
        """Keep what was seen, unless there is enough of its kind."""
        kept = self.departing if departs else self.agreeing
        if len(kept) < self.most:
            kept.append((case, seen))

    def diagnose(self, concept: Concept) -> list[str]:
        """Name the known mistakes that would be seen so."""
        if not self.departing:
            return []
        seen = [*self.departing, *self.agreeing]
        return looks_like_throughout(concept, seen, self.where)
