"""Run both sides, record every numbered step of the unmodified sources, and compare.

While a side runs, a trace reads the local variables each time a numbered step ends. A
loop gives one snapshot a pass. Then the snapshots are walked side by side: the first
step whose quantity departs is the answer, whatever comes after it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np
import torch

from parity_tests.agreement import Agreement, compare
from parity_tests.steps import Step, SteppedFunction, stepped_functions

NO_STEP = Step(0, 0, "what came out", 0, 0, frozenset())


@dataclass(frozen=True)
class Snapshot:
    """What one step had computed when it ended: its names and their values then."""

    step: Step
    values: dict[str, Any]


@dataclass
class Invocation:
    """One call of a function with numbered steps."""

    function: str
    arguments: dict[str, Any]
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass
class Recording:
    """All such calls of one side, in the order they began, and what came out."""

    invocations: list[Invocation] = field(default_factory=list)
    result: Any = None


@dataclass(frozen=True)
class Compared:
    """One quantity at one step of both sides."""

    function: str
    step: Step
    name: str
    agreement: Agreement

    def __str__(self) -> str:
        return (
            f"{self.function}, step {self.step.first}. {self.step.sentence}\n"
            f"  {self.name}: {self.agreement.reason}"
            f" (score {self.agreement.score:.3g})"
        )


@dataclass(frozen=True)
class Comparison:
    """What a run in lockstep found: every quantity compared, up to a departure."""

    quantities: tuple[Compared, ...]
    n_steps: int
    departure: Compared | None

    @property
    def difference(self) -> float:
        """The largest difference at any step."""
        return max((q.agreement.difference for q in self.quantities), default=0.0)

    @property
    def score(self) -> float:
        """The largest score at any step."""
        return max((q.agreement.score for q in self.quantities), default=0.0)


def record(package: str, call: Callable[[], Any]) -> Recording:
    """Run `call` and record each numbered step of `package` that it goes through."""
    recording = Recording()
    previous = sys.gettrace()
    sys.settrace(lambda frame, event, arg: watch(package, recording, frame))
    try:
        recording.result = call()
    finally:
        sys.settrace(previous)
    return recording


def watch(package: str, recording: Recording, frame: FrameType) -> Any:
    """Follow a frame if it runs a function with numbered steps."""
    function = function_of(package, frame.f_code)
    if function is None:
        return None
    invocation = Invocation(function.name, read(frame, set(frame.f_locals)))
    recording.invocations.append(invocation)
    current = -1

    def follow(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal current
        here = function.step_at(frame.f_lineno)
        if event == "return" or (event == "line" and here != current):
            if current >= 0:
                finished = function.steps[current]
                values = read(frame, set(finished.names))
                if event == "return":
                    values |= plain("return", arg)
                invocation.snapshots.append(Snapshot(finished, values))
            current = here
        return follow

    return follow


@cache
def function_of(package: str, code: CodeType) -> SteppedFunction | None:
    """Find the function with numbered steps that `code` runs, if it is one."""
    root = root_of(package)
    path = Path(code.co_filename)
    if root not in path.parents:
        return None
    module = ".".join(path.relative_to(root).with_suffix("").parts)
    name = f"{module}.{code.co_qualname}".replace("__call__", "forward")
    for function in stepped_functions(path, module):
        if function.name == name:
            return function
    return None


@cache
def root_of(package: str) -> Path:
    """Return the folder of an installed package."""
    return Path(str(import_module(package).__file__)).parent


def read(frame: FrameType, names: set[str]) -> dict[str, Any]:
    """Copy those of the local names that hold numbers or text."""
    values = {}
    for name in names:
        owner, _, attribute = name.rpartition(".")
        holder = frame.f_locals.get(owner or attribute)
        value = getattr(holder, attribute, None) if owner else holder
        values |= plain(name, value)
    return values


def plain(name: str, value: Any) -> dict[str, Any]:
    """Copy a value that can be compared; a row of them gives one entry each."""
    if isinstance(value, np.ndarray):
        return {name: value.copy()}
    if isinstance(value, torch.Tensor):
        return {name: value.detach().clone()}
    if isinstance(value, int | float | str | bytes | np.generic):
        return {name: value}
    if isinstance(value, list | tuple):
        entries = [plain(f"{name}[{i}]", entry) for i, entry in enumerate(value)]
        return {key: copy for entry in entries for key, copy in entry.items()}
    return {}


def compare_in_lockstep(
    reference: Callable[[], Any],
    twin: Callable[[], Any],
    yardsticks: Mapping[str, float],
) -> Comparison:
    """Run both sides and compare each quantity of each step, then what came out.

    `yardsticks` gives, by the name of a quantity, how much of a difference is still
    rounding; what is not in it must be equal.
    """
    expected = record("reference", reference)
    actual = record("torch_impl", twin)
    quantities: list[Compared] = []
    n_steps = 0
    for function, step, here, there in walk(expected, actual):
        n_steps += 1
        if here.keys().isdisjoint(there):
            reason = f"nothing to compare: {sorted(here)} and {sorted(there)}"
            here, there = {"step": reason}, {"step": ""}
        for name in sorted(here.keys() & there.keys()):
            agreement = compare(here[name], there[name], yardsticks.get(name, 0.0))
            quantities.append(Compared(function, step, name, agreement))
            if not agreement.holds:
                return Comparison(tuple(quantities), n_steps, quantities[-1])
    return Comparison(tuple(quantities), n_steps, None)


def walk(
    expected: Recording, actual: Recording
) -> Iterator[tuple[str, Step, dict[str, Any], dict[str, Any]]]:
    """Pair the steps of both sides; where a call or a pass has no partner, say so.

    A function that has steps on one side alone is passed over.
    """
    twins = {i.function for i in expected.invocations} & {
        i.function for i in actual.invocations
    }
    left = [i for i in expected.invocations if i.function in twins]
    right = [i for i in actual.invocations if i.function in twins]
    for one, other in zip_longest(left, right):
        some = one or other
        names = [i.function if i else "nothing" for i in (one, other)]
        if names[0] != names[1]:
            here, there = ({"call": name} for name in names)
            yield some.function, NO_STEP, here, there
            return
        for step, here, there in pair_steps(one.snapshots, other.snapshots):
            yield one.function, step, here, there
    yield "result", NO_STEP, plain("result", expected.result), plain(
        "result", actual.result
    )


def pair_steps(
    left: list[Snapshot], right: list[Snapshot]
) -> Iterator[tuple[Step, dict[str, Any], dict[str, Any]]]:
    """Pair snapshots that end with the same number; a fused step takes several."""
    rows = [iter(left), iter(right)]
    while True:
        heads = [next(row, None) for row in rows]
        if heads == [None, None]:
            return
        values = [dict(head.values) if head else {} for head in heads]
        while len({head.step.last if head else 0 for head in heads}) == 2:
            ends = [head.step.last if head else 0 for head in heads]
            behind = ends.index(min(ends))
            follower = next(rows[behind], None)
            if follower is None or follower.step.first != ends[behind] + 1:
                some = heads[0] or heads[1]
                yield some.step, {"steps": str(ends[0])}, {"steps": str(ends[1])}
                return
            heads[behind] = follower
            values[behind] |= follower.values
        yield heads[0].step, values[0], values[1]
