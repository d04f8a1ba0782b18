"""What a reading consists of: plain data, which a page and a terminal both show."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple


class Function(NamedTuple):
    """A function by its file, less package and ending, and its name in it.

    >>> Function("attention/causal", "CausalAttention.forward").name
    'attention.causal.CausalAttention.forward'
    """

    path: str
    title: str

    @property
    def name(self) -> str:
        """The name by which a recording knows it."""
        return f"{self.path.replace('/', '.')}.{self.title}"

    @property
    def is_backward(self) -> bool:
        """Whether it computes gradients."""
        return self.title.endswith("backward")


@dataclass(frozen=True)
class Formula:
    """What a step computes, as TeX and as plain text."""

    tex: str
    plain: str


@dataclass(frozen=True)
class Step:
    """A numbered step: its sentence as in the source, and its formula if it has one."""

    number: int
    sentence: str
    formula: Formula | None = None


@dataclass(frozen=True)
class Code:
    """Lines exactly as they are in a file, less the indentation they share.

    `first` and `last` say which steps they do; 0 is what comes before the first.
    """

    path: str
    line: int
    text: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Axis:
    """An axis of a value: its letter if it has one, and a label for each index."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """A quantity as both backends have it; a backend that lacks it has None.

    `difference` is between the two. `error` counts rounding units; in float32 it is
    that of the backend which is farther from the truth, the reference in float64.
    `shape` is the true one. What is too long to show is cut, and `cut` says so. Where
    the backends differ, `reason` says where first.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Axis, ...]
    reference: Any
    torch: Any
    difference: float | None = None
    error: float | None = None
    agrees: bool | None = None
    reason: str = ""
    cut: str = ""

    @property
    def owner(self) -> str:
        """Who has it: "both", "NumPy only" or "PyTorch only"."""
        if self.reference is None:
            return "PyTorch only"
        return "NumPy only" if self.torch is None else "both"

    @property
    def shown(self) -> Any:
        """The numbers to show: those of the reference where it has them."""
        return self.torch if self.reference is None else self.reference


@dataclass(frozen=True)
class Run:
    """What a row's steps computed once: in which call, and in which round of a loop."""

    call: int
    turn: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Row:
    """Steps beside each other: one of each backend, or a fused call and all it does.

    `idle` is said of a panel that has no code for them.
    """

    steps: tuple[Step, ...]
    reference: tuple[Code, ...]
    torch: tuple[Code, ...]
    runs: tuple[Run, ...] = ()
    idle: str = "nothing to do here"

    @property
    def first(self) -> int:
        """The number of the first step."""
        return self.steps[0].number

    @property
    def last(self) -> int:
        """The number of the last step."""
        return self.steps[-1].number

    def with_runs(self, runs: Iterable[Run]) -> "Row":
        """Take on runs, their values in the order in which the code names them."""
        text = "\n".join(code.text for code in (*self.reference, *self.torch))

        def position(value: Value) -> int:
            found = re.search(rf"\b{re.escape(value.name)}\b", text)
            return found.start() if found else len(text)

        ordered = (
            replace(r, values=tuple(sorted(r.values, key=position))) for r in runs
        )
        return replace(self, runs=tuple(ordered))

    def in_call(self, call: int) -> "Row":
        """Keep the runs of one call of the function."""
        return replace(self, runs=tuple(r for r in self.runs if r.call == call))


@dataclass(frozen=True)
class Section:
    """A function with numbered steps; it may run several times, as heads do."""

    function: Function
    sentence: str
    rows: tuple[Row, ...]
    calls: int = 0

    @property
    def title(self) -> str:
        """The function's name without its file."""
        return self.function.title
