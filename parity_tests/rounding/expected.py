"""What is expected of a case at every step, and how large rounding is there.

A case in float64 is compared with the reference. In float32 both backends are compared
with the truth, which is the reference in float64 on the same numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.contract.case import Case, remember
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import Backward, gradient_for, reference_backward
from parity_tests.lockstep.recording import Recording, record
from parity_tests.rounding.units import (
    Quantities,
    Units,
    by_name,
    floating_in,
    quantities_of,
    rounding_units,
)


@dataclass(frozen=True)
class Expected:
    """What is expected of a case, with the rounding units of each quantity.

    `recording` has them at every step, `units` the largest of each name. `dtype` is
    that of the case, where what is expected is the truth in float64.
    """

    recording: Recording
    units: dict[str, float]
    dtype: str = ""

    def judge(self, output: Any) -> Agreement:
        """Compare what came out."""
        run = self.recording
        return compare(run.result, output, run.result_units, self.dtype)


@dataclass(frozen=True)
class ExpectedResult:
    """What is expected to come out of a case, with its rounding units, row by row."""

    value: Any
    units: Any
    dtype: str = ""

    def judge(self, output: Any) -> Agreement:
        """Compare what came out."""
        return compare(self.value, output, self.units, self.dtype)


@dataclass(frozen=True)
class ExpectedBackward:
    """What is expected of a backward pass, with the rounding units of each gradient.

    `fine` has those of what went in by name, `units` the largest of each name.
    """

    backward: Backward
    fine: dict[str, Any]
    units: dict[str, float]
    dtype: str = ""

    def judge(self, gradients: Any) -> dict[str, Agreement]:
        """Compare the gradients of what went in, by name."""
        return {
            name: compare(right, gradients[name], self.fine[name], self.dtype)
            for name, right in self.backward.gradients.items()
        }


@remember(512)
def expected(pair: Pair, case: Case) -> Expected:
    """Run the reference, and measure how large rounding is at each step."""

    def run(case: Case) -> Recording:
        return record("reference", partial(pair.call, REFERENCE, case))

    def quantities(case: Case) -> Quantities:
        return quantities_of(run(case))

    if not case.dtype:
        return Expected(run(case), {})
    with unchecked():
        precise = pair.with_masks(case).astype(np.float64)
        truth = run(precise)
        at_steps = quantities_of(truth)
        units = rounding_units(precise, case.dtype, at_steps, quantities)
    annotate(truth, units)
    return Expected(truth, by_name(units), case.dtype.removeprefix("float64"))


@remember(4096)
def expected_result(pair: Pair, case: Case) -> ExpectedResult:
    """Measure how large rounding is in what comes out alone: it is sooner done."""

    def run(case: Case) -> Any:
        return pair.answer(pair.call(REFERENCE, case))

    def quantities(case: Case) -> Quantities:
        return {"result": floating_in(run(case))}

    if not case.dtype:
        return ExpectedResult(run(case), 0.0)
    with unchecked():
        precise = pair.with_masks(case).astype(np.float64)
        right = run(precise)
        truth = {"result": floating_in(right)}
        units = rounding_units(precise, case.dtype, truth, quantities)["result"]
    dtype = case.dtype.removeprefix("float64")
    return ExpectedResult(right, taken(right, iter(units)), dtype)


def result_unit(pair: Pair, case: Case) -> float:
    """Return the largest rounding unit of what comes out."""
    units = floating_in(expected_result(pair, case).units)
    return by_name({"result": units})["result"]


@remember(512)
def expected_backward(pair: Pair, case: Case) -> ExpectedBackward:
    """Run the reference backward from a drawn gradient, and measure each step."""
    return measured_backward(pair, case, steps=True)


@remember(512)
def expected_gradients(pair: Pair, case: Case) -> ExpectedBackward:
    """Measure rounding in the gradients of what went in alone: it is sooner done."""
    return measured_backward(pair, case, steps=False)


def measured_backward(pair: Pair, case: Case, steps: bool) -> ExpectedBackward:
    """Run the reference backward from a drawn gradient, and measure rounding."""

    def run(case: Case) -> Quantities:
        return gradients_of(reference_backward(pair, case, steps=steps))

    with unchecked():
        grad_output = gradient_for(case, pair.call(REFERENCE, case))
        case = replace(pair.with_masks(case), grad_output=grad_output)
        precise = case.astype(np.float64)
        truth = reference_backward(pair, precise, steps=steps)
        found = gradients_of(truth)
        units = rounding_units(precise, case.dtype, found, run, recomputes=True)
    of_input = {name: units[name][0] for name in truth.gradients}
    annotate(truth.recording, units)
    dtype = case.dtype.removeprefix("float64")
    return ExpectedBackward(truth, of_input, by_name(units), dtype)


def gradients_of(backward: Backward) -> Quantities:
    """Gather gradients by name: of every step, and of what went in."""
    of_input = {name: floating_in(g) for name, g in backward.gradients.items()}
    return quantities_of(backward.recording) | of_input


def annotate(recording: Recording, units: Units) -> None:
    """Write the units of every quantity beside its values in a recording."""
    left = {name: iter(of_name) for name, of_name in units.items()}
    for call in recording.invocations:
        stored = [(each.values, each.units) for each in call.snapshots]
        for values, units_of in [*stored, (call.outcome, call.outcome_units)]:
            for name, value in values.items():
                units_of[name] = taken(value, left.get(name, iter(())))
    recording.result_units = taken(recording.result, left.get("result", iter(())))


def taken(value: Any, units: Iterator[Any]) -> Any:
    """Take the units of a value: one, or a list of them; zero of what is exact."""
    if isinstance(value, list | tuple):
        return [taken(entry, units) for entry in value]
    return next(units) if floating_in(value) else 0.0
