"""Compare every quantity of a training step: loss, gradients, moments, parameters.

Both backends begin the step with the same numbers, so that a mistake shows where it is
made, and not in all that follows from it. What is expected is the reference's, and how
far it may be off is measured in rounding units, as everywhere in this project.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from diptych.training.by_numpy import NumpyTrainer, optimizer_of
from diptych.training.recipe import Recipe
from diptych.training.state import PARTS, Array, Batch, State, Trainer
from parity_tests.contract.agreement import LIMIT, compare
from parity_tests.contract.backend import keep_kind, unchecked
from parity_tests.contract.case import Case
from parity_tests.rounding.units import largest, rounding_units

Quantities = dict[str, Array]


class StepChecker:
    """Compares steps of one run; `largest_error` is in rounding units.

    Rounding is measured at steps 1, 2, 4, 8 and so on, row by row. In between, the
    largest unit of each quantity counts, in proportion to the quantity's size; where an
    error is above half of the limit by that, the step is measured itself.
    """

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.relative: dict[str, float] = {}
        self.largest_error = 0.0
        self.n_compared = 0

    def first_difference(
        self, before: State, actual: Quantities, *batches: Batch
    ) -> str:
        """Name the first quantity of a step that differs, and say how, if one does."""
        expected = self.quantities_from(before, *batches)
        sizes = {name: float(largest(right).max()) for name, right in expected.items()}
        in_proportion = {n: of * sizes[n] for n, of in self.relative.items()}
        units: Mapping[str, Any] = in_proportion
        is_measured = before.steps & (before.steps + 1) == 0  # 2ⁿ - 1 steps before
        if (
            is_measured
            or not units  # the first step of a run that goes on
            or first_beyond(expected, actual, units)[1] > LIMIT / 2
        ):
            units = self.measured_units(before, expected, *batches)
            self.relative = {
                name: units[name].max() / size if size else 0.0
                for name, size in sizes.items()
            }
        difference, error = first_beyond(expected, actual, units)
        self.n_compared += len(expected)
        self.largest_error = max(self.largest_error, error)
        return difference

    def quantities_from(self, state: State, *batches: Batch) -> Quantities:
        """Take one step of the reference; arrays that are moved stay so."""
        trainer = NumpyTrainer(self.recipe, state)
        keep_kind(trainer.model, state.parameters)
        trainer.optimizer = optimizer_of(trainer.model, self.recipe, state)
        return quantities_of(trainer, *batches)

    def measured_units(
        self, before: State, expected: Quantities, *batches: Batch
    ) -> Quantities:
        """Take the step some times with numbers that are moved by half a rounding."""

        def run(case: Case) -> dict[str, list[Array]]:
            state = State(before.steps, **case.inputs)
            return listed(self.quantities_from(state, *batches))

        case = Case({}, {part: getattr(before, part) for part in PARTS})
        with unchecked():
            dtype, truth = self.recipe.dtype, listed(expected)
            units = rounding_units(case, dtype, truth, run, recomputes=True)
        return {name: of_name[0] for name, of_name in units.items()}


def first_beyond(
    expected: Quantities, actual: Quantities, units: Mapping[str, Any]
) -> tuple[str, float]:
    """Find the first quantity that differs, if one does, and the largest error."""
    worst = 0.0
    for name, right in expected.items():
        agreement = compare(right, actual[name], units[name])
        worst = max(worst, agreement.error)
        if not agreement.holds:
            return f"{name}: {agreement.reason}", worst
    return "", worst


def quantities_of(trainer: Trainer, *batches: Batch) -> Quantities:
    """Take a step, and gather what it computes, in the order of time."""
    found = {"loss": np.asarray(trainer.backward(*batches))}
    found |= named("gradient of {}", trainer.gradients())
    trainer.update()
    found |= named("clipped gradient of {}", trainer.gradients())
    state = trainer.state()
    found |= named("first moment of {}", state.first_moments)
    found |= named("second moment of {}", state.second_moments)
    found |= named("{} after the update", state.parameters)
    return found


def named(form: str, arrays: Mapping[str, Array]) -> Quantities:
    """Name the arrays of all parameters by what they are."""
    return {form.format(name): array for name, array in arrays.items()}


def listed(quantities: Quantities) -> dict[str, list[Array]]:
    """Make plain arrays, in the form in which rounding is measured."""
    return {name: [np.asarray(array)] for name, array in quantities.items()}
