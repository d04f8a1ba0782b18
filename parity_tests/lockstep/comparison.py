"""Compare what both backends stored at every numbered step of the unmodified sources.

The first step at which a quantity differs is the answer, whatever comes after it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from parity_tests.contract.agreement import Agreement, compare, differs
from parity_tests.lockstep.alignment import OUTCOME, Aligned, align_recordings
from parity_tests.lockstep.recording import Recording
from parity_tests.sources.steps import Step


@dataclass(frozen=True)
class Compared:
    """One quantity at one step; `turn` counts the rounds of a loop.

    `backend` names the one that is compared with what is expected, where there are
    several, and `part` the module in a model. `command` reproduces it.
    """

    function: str
    step: Step
    name: str
    agreement: Agreement
    turn: int = 1
    backend: str = ""
    command: str = ""
    part: str = ""

    def __str__(self) -> str:
        step = f"step {self.step.number}. " if self.step is not OUTCOME else ""
        turn = f" (round {self.turn})" if self.turn > 1 else ""
        backend = f" of {self.backend}" if self.backend else ""
        part = f" of {self.part}" if self.part else ""
        return (
            f"{self.function}{part}, {step}{self.step.sentence}{turn}\n"
            f"  {self.name}{backend}: {self.agreement.reason}"
            f" (error {self.agreement.error:.3g} rounding units)"
            + (f"\n  reproduce with: {self.command}" if self.command else "")
        )


@dataclass(frozen=True)
class Comparison:
    """What a run in lockstep found: every quantity, up to the first difference.

    `n_steps` counts the steps at which something could be compared.
    """

    quantities: tuple[Compared, ...]
    n_steps: int
    first_difference: Compared | None

    @property
    def difference(self) -> float:
        """The largest difference at any step."""
        return max((q.agreement.difference for q in self.quantities), default=0.0)

    @property
    def error(self) -> float:
        """The largest error at any step, in rounding units."""
        return max((q.agreement.error for q in self.quantities), default=0.0)


def compare_recordings(
    expected: Recording,
    backends: Sequence[Recording],
    units: Mapping[str, float],
    dtype: str = "",
) -> Comparison:
    """Compare what backends stored at each step with what is expected there.

    Where `dtype` is given, the backends have it, and what is expected is the truth in
    float64. What came out is always compared. Steps are in the order of time, and at
    each come all backends in turn.
    """
    quantities: list[Compared] = []
    n_steps = Counter({each.package: 0 for each in backends})
    steps = [(b.package, a) for b in backends for a in align_recordings(expected, b)]
    for backend, aligned in sorted(steps, key=lambda each: each[1].moment):
        before = len(quantities)
        named = backend if len(backends) > 1 else ""
        for compared in compare_step(aligned, units, dtype, named):
            quantities.append(compared)
            if not compared.agreement.holds:
                return Comparison(tuple(quantities), min(n_steps.values()), compared)
        n_steps[backend] += aligned.is_step and len(quantities) > before
    return Comparison(tuple(quantities), min(n_steps.values()), None)


def compare_step(
    aligned: Aligned, units: Mapping[str, float], dtype: str, backend: str
) -> Iterator[Compared]:
    """Compare what both stored at a step, and demand what both should store."""
    at_step = partial(
        Compared,
        aligned.function,
        aligned.step,
        turn=aligned.turn,
        backend=backend,
        part=aligned.part,
    )
    here, there = aligned.expected, aligned.actual
    for name in sorted(here.keys() | there.keys()):
        if name in here and name in there:
            unit = aligned.units.get(name, units.get(name, 0.0))
            agreement = compare(here[name], there[name], unit, dtype)
        elif name in aligned.required:
            order = "a value, got none" if name in here else "none, got a value"
            agreement = differs("", f"expected {order}")
        else:
            continue  # a name of one backend alone, for what the other does in one call
        yield at_step(name=name, agreement=agreement)
    if here and there and here.keys().isdisjoint(there):
        names = ", ".join(sorted(here)), ", ".join(sorted(there))
        agreement = differs("", f"no name in common: {names[0]} and {names[1]}")
        yield at_step(name="names", agreement=agreement)
