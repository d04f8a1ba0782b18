"""What the kit found out about an implementation."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parity_tests.contract.case import Case

AGREES, DIFFERS, NOT_RUNNABLE = 0, 1, 2
ARRAYS = {"case", "expected", "observed"}  # which no line of text holds


@dataclass
class Verdict:
    """The outcome of a check; `as_dict` is what `--json` prints.

    `error` is the worst of the examples that agree, in rounding units; `properties`
    has the reason of each that does not hold, and `tried` counts the examples that
    tried each ability. `not_tried` has the reason of each that was not, an error if
    the check is `strict`, and `calls` counts those of objects that were kept.
    `rules` has those that the fixed cases try in which it differs, the smallest first.
    `where` says which entries differ, `when` in which cases, and what is `inferred`
    of the output, such as which step it stops at. `expected` and `observed` are
    what is right in the counterexample, and what came. `nearest` says that no known
    mistake `looks_like` it, and which comes closest.
    """

    pair: str
    implementation: str
    examples: int = 0
    error: float = 0.0
    first_difference: str | None = None
    case: Case | None = None
    expected: Any = None
    observed: Any = None
    rules: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)
    when: list[str] = field(default_factory=list)
    inferred: list[str] = field(default_factory=list)
    looks_like: list[str] = field(default_factory=list)
    nearest: str | None = None
    properties: dict[str, str | None] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    not_tried: dict[str, str] = field(default_factory=dict)
    strict: bool = False
    calls: int = 0
    remarks: list[str] = field(default_factory=list)
    not_runnable: str | None = None
    reproduce: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs, every property holds, and it could be run."""
        broken = any(reason is not None for reason in self.properties.values())
        return not (self.first_difference or broken or self.not_runnable)

    @property
    def is_incomplete(self) -> bool:
        """Whether something was not tried that had to be."""
        return self.strict and bool(self.not_tried)

    @property
    def exit_status(self) -> int:
        """0 agrees, 1 differs (or is incomplete), 2 could not be run."""
        if self.not_runnable:
            return NOT_RUNNABLE
        return AGREES if self.agrees and not self.is_incomplete else DIFFERS

    def as_dict(self) -> dict[str, Any]:
        """Return it in plain values."""
        properties = {name: why or "holds" for name, why in self.properties.items()}
        plain = {n: value for n, value in vars(self).items() if n not in ARRAYS}
        return {**plain, "agrees": self.agrees, "properties": properties}
