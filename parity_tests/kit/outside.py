"""An implementation from outside, as a law asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity_tests.concept import Case, Concept
from parity_tests.kit.request import said
from parity_tests.law import Law


def laws_of(concept: Concept) -> list[Law]:
    """List the laws that bind every implementation of a concept."""
    return [law for law in concept.laws if law.for_all]


@dataclass(frozen=True)
class Outside:
    """Someone else's code as a side of a pair: `ask` sends it a case."""

    concept: Concept
    ask: Callable[[Case], dict[str, Any]]

    def __call__(self, case: Case) -> Any:
        """Return what it answers; of a tokenizer the ids, and the text they give."""
        return said(self.ask(case))

    def repeatability(self, case: Case) -> float:
        """Return how far two runs may lie apart: its sums may take another order."""
        return self.concept.bounds(case).get("result", 0.0)
