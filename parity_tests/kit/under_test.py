"""The implementation under test, as a property asks it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.contract.property import Property
from parity_tests.rounding.expected import result_unit


def properties_of(pair: Pair) -> list[Property]:
    """List the properties that every implementation of a pair must have."""
    return [each for each in pair.properties if each.for_all]


@dataclass(frozen=True)
class UnderTest:
    """Someone else's code in the place of a backend: `ask` sends it a case."""

    pair: Pair
    ask: Callable[[Case], Any]

    def __call__(self, case: Case) -> Any:
        """Return what it answers."""
        return self.ask(case)

    def rounding(self, case: Case) -> float:
        """Return the rounding unit of what comes out."""
        return result_unit(self.pair, case)

    def repeatability(self, case: Case) -> float:
        """Return the rounding unit too: its sums may be taken in another order."""
        return result_unit(self.pair, case)
