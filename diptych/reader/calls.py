"""The recorded calls of a function on both backends, and their steps side by side."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from diptych.reader.files import REFERENCE, TORCH, definition, has_file
from diptych.reader.model import Function
from parity_tests.lockstep.alignment import (
    cover_the_same,
    same_numbers,
    step_of,
    values,
)
from parity_tests.lockstep.copying import plain
from parity_tests.lockstep.recording import Invocation, Recording, Snapshot
from parity_tests.sources.steps import Step

NOTHING = Invocation("", "", {}, 0)


@dataclass(frozen=True)
class Recorded:
    """Both backends on one case, and what is expected of them."""

    reference: Recording
    torch: Recording
    expected: Recording

    def calls(self, function: Function) -> list["Call"]:
        """Put the calls of a function beside each other, in the order of time."""
        of_each = [
            [call for call in recording.invocations if call.function == function.name]
            for recording in (self.reference, self.torch, self.expected)
        ]
        if not has_file(TORCH, function.path) and len(of_each[0]) == 1:
            of_each[1] = [self.result_alone(function)]
        found = zip_longest(*of_each, fillvalue=NOTHING)
        return [Call(*calls) for calls in found]

    def result_alone(self, function: Function) -> Invocation:
        """Of PyTorch's own function nothing is known but what it returned."""
        result = plain(returned_name(function), self.torch.result)
        return Invocation(function.name, "", {}, 0, outcome=result)


@dataclass(frozen=True)
class StepValues:
    """What each backend had stored when a step ended, and what is expected there.

    `units` are the rounding units of each quantity.
    """

    last: int
    turn: int
    reference: dict[str, Any]
    torch: dict[str, Any]
    expected: dict[str, Any]
    units: dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of a function on both backends; a backend may lack it."""

    reference: Invocation
    torch: Invocation
    expected: Invocation

    def steps(self) -> list[StepValues]:
        """Align the steps of both; what was returned belongs to the last one."""
        pairs = [*side_by_side(self.reference, self.torch)]
        truths = [*side_by_side(self.expected, self.torch)]
        turns: Counter[Step] = Counter()
        found = []
        for (step, ours, theirs), (_, right, _) in zip(pairs, truths, strict=False):
            turns[step] += 1
            found.append(
                StepValues(
                    step.last,
                    turns[step],
                    values(ours),
                    values(theirs),
                    values(right),
                    {name: u for each in right for name, u in each.units.items()},
                )
            )
        return [*found[:-1], *(self.with_outcome(last) for last in found[-1:])]

    def with_outcome(self, last: StepValues) -> StepValues:
        """Add what each returned."""
        return replace(
            last,
            reference=last.reference | self.reference.outcome,
            torch=last.torch | self.torch.outcome,
            expected=last.expected | self.expected.outcome,
            units=self.expected.outcome_units | last.units,
        )


Pair = tuple[Step, list[Snapshot], list[Snapshot]]


def side_by_side(ours: Invocation, theirs: Invocation) -> Iterator[Pair]:
    """Align the steps of two calls; where only one has steps, they are alone."""
    if not (ours.snapshots and theirs.snapshots):
        yield from ((each.step, [each], []) for each in ours.snapshots)
        yield from ((each.step, [], [each]) for each in theirs.snapshots)
        return
    for here, there in same_numbers(ours.snapshots, theirs.snapshots):
        if cover_the_same(here, there):
            yield step_of(here, there), here, there


def returned_name(function: Function) -> str:
    """Say under which name the reference knows what it returns.

    >>> returned_name(Function("primitives/softmax", "softmax"))
    'weights'
    """
    node = definition(REFERENCE, function)
    last = node.body[-1] if node else None
    value = last.value if isinstance(last, ast.Return) else None
    return value.id if isinstance(value, ast.Name) else "return"
