"""Align the recordings of two backends step by step, in order of time.

So the step in which a value first differs comes before every step that takes the
value over, in whichever function those are.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from parity_tests.lockstep.copying import plain
from parity_tests.lockstep.recording import (
    Invocation,
    Recording,
    Snapshot,
    find_function,
)
from parity_tests.sources.steps import Step

OUTCOME = Step(0, 0, "What came out.", 0, 0, frozenset())


@dataclass(frozen=True)
class Aligned:
    """What both had stored when a step ended; `turn` counts its rounds.

    `required` are the names that both sources store in it. What a call gave is aligned
    as well, and is no step. `part` names the module in a model, as in `blocks.7.norm`.
    """

    function: str
    step: Step
    moment: int
    expected: dict[str, Any]
    actual: dict[str, Any]
    units: dict[str, Any] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    turn: int = 1
    is_step: bool = True
    part: str = ""


def align_recordings(expected: Recording, actual: Recording) -> list[Aligned]:
    """Align every step of both, and what came out, in order of time.

    A function that has numbered steps in one package alone is passed over.
    """
    aligned: list[Aligned] = []
    left = shared(expected, actual.package)
    right = shared(actual, expected.package)
    for one, other in zip_longest(left, right):
        if one is None or other is None or one.function != other.function:
            aligned.append(stray_call(one, other, aligned))
            break
        aligned += align_calls(one, other)
    aligned.sort(key=lambda each: each.moment)
    return [*aligned, align_results(expected, actual)]


def align_results(expected: Recording, actual: Recording) -> Aligned:
    """Align what came out in the end."""
    left, right = (plain("result", each.result) for each in (expected, actual))
    now, units = next(expected.clock), {"result": expected.result_units}
    return Aligned("what was called", OUTCOME, now, left, right, units, is_step=False)


def shared(recording: Recording, other: str) -> list[Invocation]:
    """Keep the calls of functions that have numbered steps in the other package too."""
    calls = recording.invocations
    return [each for each in calls if find_function(other, each.module, each.function)]


def stray_call(
    one: Invocation | None, other: Invocation | None, before: list[Aligned]
) -> Aligned:
    """Tell of a call that only one of them makes, or makes in the place of another."""
    left = one.function if one else "nothing more"
    right = other.function if other else "nothing more"
    moment = one.began if one else max((each.moment for each in before), default=0)
    here, there = {"call": left}, {"call": right}
    function = left if one else right
    return Aligned(function, OUTCOME, moment, here, there, is_step=False)


def align_calls(one: Invocation, other: Invocation) -> Iterator[Aligned]:
    """Align the steps of one call, and what it gave or raised."""
    turns: Counter[Step] = Counter()
    moment, step = one.began, OUTCOME
    rest: dict[str, Any]
    for here, there in same_numbers(one.snapshots, other.snapshots):
        step = step_of(here, there)
        turns[step] += 1
        moment = here[-1].moment if here else moment
        if not cover_the_same(here, there):
            left, right = {"next step": tell(here)}, {"next step": tell(there)}
            step = (here or there)[0].step
            where = one.function, step, moment
            yield Aligned(*where, left, right, is_step=False, part=one.part)
            return
        required = stored(here) & stored(there)
        left, right = values(here), values(there)
        units = {name: unit for each in here for name, unit in each.units.items()}
        where = one.function, step, moment
        rest = {"turn": turns[step], "part": one.part}
        yield Aligned(*where, left, right, units, required, **rest)
    where = one.function, step if "return" in step.names else OUTCOME, one.ended
    left, right = one.outcome, other.outcome
    if "raised" in left or "raised" in right:
        left, right = {"raised": "nothing"} | left, {"raised": "nothing"} | right
    rest = {"is_step": False, "part": one.part}
    yield Aligned(*where, left, right, one.outcome_units, **rest)


def step_of(here: list[Snapshot], there: list[Snapshot]) -> Step:
    """Choose the step that stands for both: the fused one, if there is one."""
    return (here if len(here) == 1 else there or here)[0].step


def same_numbers(
    left: list[Snapshot], right: list[Snapshot]
) -> Iterator[tuple[list[Snapshot], list[Snapshot]]]:
    """Cut both lists where both end a step of the same number.

    One fused step stands beside several of the twin's. Where the lists do not go on
    with the same steps, the last one yielded shows it.
    """
    while left or right:
        here, there = left[:1], right[:1]
        while here and there and here[-1].step.last != there[-1].step.last:
            left_is_behind = here[-1].step.last < there[-1].step.last
            behind, steps = (here, left) if left_is_behind else (there, right)
            following = steps[len(behind) : len(behind) + 1]
            if not following or following[0].step.first != behind[-1].step.last + 1:
                break
            behind += following
        yield here, there
        left, right = left[len(here) :], right[len(there) :]


def cover_the_same(here: list[Snapshot], there: list[Snapshot]) -> bool:
    """Whether both go from the same first to the same last number."""
    spans = [(each[0].step.first, each[-1].step.last) for each in (here, there) if each]
    return len(spans) == 2 and spans[0] == spans[1]


def stored(snapshots: list[Snapshot]) -> frozenset[str]:
    """Gather the names that the sources of some steps store."""
    return frozenset[str]().union(*(each.step.names for each in snapshots))


def values(snapshots: list[Snapshot]) -> dict[str, Any]:
    """Gather what some steps had stored, the last value of each name."""
    return {name: value for each in snapshots for name, value in each.values.items()}


def tell(snapshots: list[Snapshot]) -> str:
    """Name what comes next."""
    return f"step {snapshots[0].step.number}" if snapshots else "the end"
