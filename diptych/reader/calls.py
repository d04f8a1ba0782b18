"""The recorded calls of a function on both backends, and their steps side by side."""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from diptych.reader.files import REFERENCE, TORCH, definition, has_file
from diptych.reader.model import Function
from parity_tests.lockstep.alignment import align_steps
from parity_tests.lockstep.copying import plain
from parity_tests.lockstep.recording import Invocation, Recording
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
    """What each backend had stored when a step ended, and what is expected there."""

    last: int
    turn: int
    reference: dict[str, Any]
    torch: dict[str, Any]
    expected: dict[str, Any]


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
            found.append(StepValues(step.last, turns[step], ours, theirs, right))
        if found:
            ours, theirs, right = (
                each.outcome for each in (self.reference, self.torch, self.expected)
            )
            last = found[-1]
            found[-1] = replace(
                last,
                reference=last.reference | ours,
                torch=last.torch | theirs,
                expected=last.expected | right,
            )
        return found


def side_by_side(
    ours: Invocation, theirs: Invocation
) -> Iterator[tuple[Step, dict[str, Any], dict[str, Any]]]:
    """Align the steps of two calls; where only one has steps, they stand alone."""
    if ours.snapshots and theirs.snapshots:
        yield from align_steps(ours.snapshots, theirs.snapshots)
    else:
        yield from ((each.step, each.values, {}) for each in ours.snapshots)
        yield from ((each.step, {}, each.values) for each in theirs.snapshots)


def returned_name(function: Function) -> str:
    """Say under which name the reference knows what it returns.

    >>> returned_name(Function("primitives/softmax", "softmax"))
    'weights'
    """
    node = definition(REFERENCE, function)
    last = node.body[-1] if node else None
    value = last.value if isinstance(last, ast.Return) else None
    return value.id if isinstance(value, ast.Name) else "return"
