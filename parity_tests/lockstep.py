"""Run both sides, record every numbered step of the unmodified sources, and compare.

The first step whose quantity departs is the answer, whatever comes after it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from parity_tests.agreement import Agreement, compare, differs
from parity_tests.copying import plain
from parity_tests.pairing import OUTCOME, Pair, pair_recordings, pair_steps
from parity_tests.recording import Invocation, Recording, Snapshot, record
from parity_tests.steps import Step, stepped_functions

__all__ = [
    "Compared",
    "Comparison",
    "Invocation",
    "Recording",
    "Snapshot",
    "compare_in_lockstep",
    "compare_recordings",
    "pair_steps",
    "plain",
    "record",
    "stepped_functions",
]

BOTH = ("reference", "torch_impl")


@dataclass(frozen=True)
class Compared:
    """One quantity at one step of both sides; `turn` counts the passes of a loop.

    `side` names the one that is compared, where there are several. `rerun` is a
    command that runs just this case again.
    """

    function: str
    step: Step
    name: str
    agreement: Agreement
    turn: int = 1
    side: str = ""
    rerun: str = ""

    def __str__(self) -> str:
        step = f"step {self.step.number}. " if self.step is not OUTCOME else ""
        turn = f" (pass {self.turn})" if self.turn > 1 else ""
        side = f" of {self.side}" if self.side else ""
        return (
            f"{self.function}, {step}{self.step.sentence}{turn}\n"
            f"  {self.name}{side}: {self.agreement.reason}"
            f" (score {self.agreement.score:.3g})"
            + (f"\n  run it again: {self.rerun}" if self.rerun else "")
        )


@dataclass(frozen=True)
class Comparison:
    """What a run in lockstep found: every quantity compared, up to a departure.

    `n_steps` counts the steps at which something could be compared.
    """

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


def compare_in_lockstep(
    reference_call: Callable[[], Any],
    torch_call: Callable[[], Any],
    yardsticks: Mapping[str, float],
    packages: tuple[str, str] = BOTH,
) -> Comparison:
    """Run both sides and compare each quantity of each step, then what came out.

    `yardsticks` gives, by the name of a quantity, how much of a difference is still
    rounding; what is not in it must be equal.
    """
    expected = record(packages[0], reference_call)
    return compare_recordings(expected, [record(packages[1], torch_call)], yardsticks)


def compare_recordings(
    expected: Recording,
    sides: Sequence[Recording],
    yardsticks: Mapping[str, float],
    dtype: str = "",
) -> Comparison:
    """Compare what sides stored at each step with what is expected there.

    Where `dtype` is given, the sides have it, and what is expected is the truth in
    float64. Where nothing of a side could be compared, it does not agree.
    """
    quantities: list[Compared] = []
    n_steps = Counter({side.package: 0 for side in sides})
    for side, pair in in_order_of_time(expected, sides):
        before = len(quantities)
        named = side if len(sides) > 1 else ""
        for compared in compare_pair(pair, yardsticks, dtype, named):
            quantities.append(compared)
            if not compared.agreement.holds:
                return Comparison(tuple(quantities), min(n_steps.values()), compared)
        n_steps[side] += pair.is_step and len(quantities) > before
    side, fewest = min(n_steps.items(), key=lambda each: each[1])
    departure = None if fewest else nothing(expected.package, side)
    return Comparison(tuple(quantities), fewest, departure)


def in_order_of_time(
    expected: Recording, sides: Sequence[Recording]
) -> list[tuple[str, Pair]]:
    """Pair each side with what is expected; at each step come all sides in turn."""
    pairs = [
        (side.package, pair)
        for side in sides
        for pair in pair_recordings(expected, side)
    ]
    return sorted(pairs, key=lambda each: each[1].moment)


def compare_pair(
    pair: Pair, yardsticks: Mapping[str, float], dtype: str, side: str
) -> Iterator[Compared]:
    """Compare what both sides stored at a step, and demand what both should store."""
    at_step = partial(Compared, pair.function, pair.step, turn=pair.turn, side=side)
    here, there = pair.expected, pair.actual
    for name in sorted(here.keys() | there.keys()):
        if name in here and name in there:
            yardstick = yardsticks.get(name, 0.0)
            agreement = compare(here[name], there[name], yardstick, dtype)
        elif name in pair.required:
            order = "a value, got none" if name in here else "none, got a value"
            agreement = differs("", f"expected {order}")
        else:
            continue  # a name of one side alone, for what the other does in one call
        yield at_step(name=name, agreement=agreement)
    if here and there and here.keys().isdisjoint(there):
        names = ", ".join(sorted(here)), ", ".join(sorted(there))
        agreement = differs("", f"no name in common: {names[0]} and {names[1]}")
        yield at_step(name="names", agreement=agreement)


def nothing(one: str, other: str) -> Compared:
    """Report that no numbered step ran on both sides."""
    reason = f"no numbered step of {one} and {other} ran on both sides"
    return Compared("what was called", OUTCOME, "steps", differs("", reason))
