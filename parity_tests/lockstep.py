"""Run both sides, record every numbered step of the unmodified sources, and compare.

The first step whose quantity departs is the answer, whatever comes after it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
    "pair_steps",
    "plain",
    "record",
    "stepped_functions",
]

BOTH = ("reference", "torch_impl")


@dataclass(frozen=True)
class Compared:
    """One quantity at one step of both sides; `turn` counts the passes of a loop.

    `rerun` is a command that runs just this case again.
    """

    function: str
    step: Step
    name: str
    agreement: Agreement
    turn: int = 1
    rerun: str = ""

    def __str__(self) -> str:
        step = f"step {self.step.number}. " if self.step is not OUTCOME else ""
        turn = f" (pass {self.turn})" if self.turn > 1 else ""
        return (
            f"{self.function}, {step}{self.step.sentence}{turn}\n"
            f"  {self.name}: {self.agreement.reason}"
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
    rounding; what is not in it must be equal. Where nothing could be compared, the
    sides do not agree.
    """
    expected = record(packages[0], reference_call)
    actual = record(packages[1], torch_call)
    quantities: list[Compared] = []
    n_steps = 0
    for pair in pair_recordings(expected, actual):
        before = len(quantities)
        for compared in compare_pair(pair, yardsticks):
            quantities.append(compared)
            if not compared.agreement.holds:
                return Comparison(tuple(quantities), n_steps, compared)
        n_steps += pair.is_step and len(quantities) > before
    if n_steps == 0:
        return Comparison(tuple(quantities), 0, nothing(packages))
    return Comparison(tuple(quantities), n_steps, None)


def compare_pair(pair: Pair, yardsticks: Mapping[str, float]) -> Iterator[Compared]:
    """Compare what both sides stored at a step, and demand what both should store."""
    here, there = pair.expected, pair.actual
    for name in sorted(here.keys() | there.keys()):
        if name in here and name in there:
            yardstick = yardsticks.get(name, 0.0)
            agreement = compare(here[name], there[name], yardstick)
        elif name in pair.required:
            order = "a value, got none" if name in here else "none, got a value"
            agreement = differs("", f"expected {order}")
        else:
            continue  # a name of one side alone, for what the other does in one call
        yield Compared(pair.function, pair.step, name, agreement, pair.turn)
    if here and there and here.keys().isdisjoint(there):
        names = ", ".join(sorted(here)), ", ".join(sorted(there))
        agreement = differs("", f"no name in common: {names[0]} and {names[1]}")
        yield Compared(pair.function, pair.step, "names", agreement, pair.turn)


def nothing(packages: tuple[str, str]) -> Compared:
    """Report that no numbered step ran on both sides."""
    reason = f"no numbered step of {packages[0]} and {packages[1]} ran on both sides"
    return Compared("what was called", OUTCOME, "steps", differs("", reason))
