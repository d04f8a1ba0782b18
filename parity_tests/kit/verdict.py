"""What the kit found out about an implementation."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parity_tests.contract.case import Case

AGREES, DIFFERS, NOT_RUNNABLE = 0, 1, 2


@dataclass
class Verdict:
    """The outcome of a check; `as_dict` is what `--json` prints.

    `error` is the worst of the examples that agree, in rounding units; `properties`
    has the reason of each that does not hold, and `tried` counts the examples that
    tried each declared ability.
    """

    pair: str
    implementation: str
    examples: int = 0
    error: float = 0.0
    first_difference: str | None = None
    case: Case | None = None
    looks_like: list[str] = field(default_factory=list)
    properties: dict[str, str | None] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    not_tried: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    not_runnable: str | None = None
    reproduce: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, every property holds, and it could be run."""
        broken = any(reason is not None for reason in self.properties.values())
        return not (self.first_difference or broken or self.not_runnable)

    @property
    def exit_status(self) -> int:
        """0 agrees, 1 differs, 2 could not be run."""
        if self.not_runnable:
            return NOT_RUNNABLE
        return AGREES if self.agrees else DIFFERS

    def as_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        properties = {name: why or "holds" for name, why in self.properties.items()}
        plain = {name: value for name, value in vars(self).items() if name != "case"}
        return {**plain, "agrees": self.agrees, "properties": properties}
