"""What the kit found out about an implementation."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from parity_tests.concept import Case

AGREES, DEPARTS, NOT_RUNNABLE = 0, 1, 2


@dataclass
class Verdict:
    """The outcome of a check; `as_dict` is what `--json` prints.

    `score` is the worst of the examples that agree, and `tried` counts those that
    tried each declared capability.
    """

    concept: str
    implementation: str
    examples: int = 0
    score: float = 0.0
    first_difference: str | None = None
    case: Case | None = None
    looks_like: list[str] = field(default_factory=list)
    laws: dict[str, str | None] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)
    not_tried: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    not_runnable: str | None = None
    rerun: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether nothing departed, no law was broken, and it could be run."""
        broken = any(reason is not None for reason in self.laws.values())
        return not (self.first_difference or broken or self.not_runnable)

    @property
    def exit_status(self) -> int:
        """0 agrees, 1 departs, 2 could not be run."""
        if self.not_runnable:
            return NOT_RUNNABLE
        return AGREES if self.agrees else DEPARTS

    def as_dict(self) -> dict[str, Any]:
        """Say it in plain values."""
        return {
            "concept": self.concept,
            "implementation": self.implementation,
            "agrees": self.agrees,
            "examples": self.examples,
            "score": self.score,
            "first_difference": self.first_difference,
            "looks_like": self.looks_like,
            "laws": {
                sentence: "holds" if reason is None else reason
                for sentence, reason in self.laws.items()
            },
            "tried": dict(sorted(self.tried.items())),
            "not_tried": self.not_tried,
            "remarks": self.remarks,
            "not_runnable": self.not_runnable,
            "rerun": self.rerun,
        }
