"""What runs in the place of someone's code: a part in the reference's form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parity_tests.contract.pair import Pair
from parity_tests.kit.against.notes import RUN, note


@dataclass(frozen=True)
class StandIn:
    """The part that is run, and the order by which it is, where that is noted."""

    pair: Pair
    part: Any
    order: Mapping[str, Any]

    def note_run(self) -> None:
        """Note that it is run."""
        note(self.order, RUN)
