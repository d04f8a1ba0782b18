"""What the activations share: numbers, each by itself; and what is true of all."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives import cases, properties
from parity_tests.primitives.probes import array_probes

Array = np.ndarray[Any, Any]
MAKE = cases.of_function("x")
LARGEST = 1e15  # whose square float32 can hold
MOST = 1000.0  # where every activation is flat, or passes all


def each_number_is_taken_by_itself(run: Implementation, case: Case) -> Agreement:
    """In another order, numbers have the same outputs."""
    expected = np.flip(run(case), axis=-1)
    actual = run(case.with_inputs(x=np.flip(case.inputs["x"], axis=-1).copy()))
    return compare(expected, actual, run.rounding(case))


def the_output_lies_between_zero_and_the_number(
    run: Implementation, case: Case
) -> Agreement:
    """A share of the number passes: none, all of it, or something between."""
    x, output = case.inputs["x"], run(case)
    between = output.clip(np.minimum(x, 0), np.maximum(x, 0))
    return compare(between, output, run.rounding(case))


def a_number_and_its_opposite_pass_shares_that_add_up_to_one(
    run: Implementation, case: Case
) -> Agreement:
    """f(x) - f(-x) = x, since the distribution is symmetric."""
    x = case.inputs["x"]
    opposite = case.with_inputs(x=-x)
    unit = run.rounding(case) + run.rounding(opposite)
    return compare(x, run(case) - run(opposite), unit)


def a_large_number_passes_and_its_opposite_does_not(
    run: Implementation, case: Case
) -> Agreement:
    """Far from zero it is what ReLU is."""
    x = case.inputs["x"]
    case = case.with_inputs(x=(x + np.copysign(MOST, x)).astype(x.dtype))
    expected = np.maximum(case.inputs["x"], 0)
    return compare(expected, run(case), run.rounding(case))


def slopes(run: OneBackend, case: Case) -> tuple[Array, float]:
    """Run backward from ones: the slope at every number, and its rounding unit."""
    case = replace(case, grad_output=np.ones_like(case.inputs["x"]))
    return run.gradients(case)["x"], run.gradient_rounding(case, "x")


def slopes_at_opposite_numbers_add_up_to_one(run: OneBackend, case: Case) -> Agreement:
    """The derivative of f(x) - f(-x) = x."""
    here, unit = slopes(run, case)
    there, other = slopes(run, case.with_inputs(x=-case.inputs["x"]))
    return compare(np.ones_like(here), here + there, unit + other)


def the_slope_at_zero_is_one_half(run: OneBackend, case: Case) -> Agreement:
    """Half of what is nearly zero passes."""
    found, unit = slopes(run, case.with_inputs(x=np.zeros_like(case.inputs["x"])))
    return compare(np.full_like(found, 0.5), found, unit)


def activation_probes(seed: int) -> Iterator[Probe]:
    """Make the probes of an array, but for numbers whose squares overflow."""
    for probe in array_probes(MAKE)(seed):
        largest = np.abs(probe.case.inputs["x"]).max(initial=0.0)
        if largest < LARGEST or probe.case.dtype == "float64":
            yield Probe(probe.rule, probe.case, own_dtype=largest >= LARGEST)


def activation_pair(path: str, *own: Property, **fields: Any) -> Pair:
    """Make the pair of an activation, with properties of its `own`."""
    return Pair(
        path=path,
        cases=cases.array_cases(MAKE, st.just({}), lambda config: 5),
        properties=(
            *properties.OF_ALL,
            Property(each_number_is_taken_by_itself, for_all=True),
            Property(the_output_lies_between_zero_and_the_number, for_all=True),
            Property(
                a_number_and_its_opposite_pass_shares_that_add_up_to_one, for_all=True
            ),
            Property(a_large_number_passes_and_its_opposite_does_not, for_all=True),
            Property(slopes_at_opposite_numbers_add_up_to_one),
            Property(the_slope_at_zero_is_one_half),
            *own,
        ),
        rejections=(),
        on_text=cases.on_text(MAKE, {}),
        examples=cases.examples(MAKE, {}, (4, 3)),
        probes=activation_probes,
        abilities=frozenset({"leading_axes"}),
        **fields,
    )


def not_below(minimum: float, run: Implementation, case: Case) -> Agreement:
    """Compare the output with the nearest that is not below a minimum."""
    output = run(case)
    return compare(output.clip(minimum), output, run.rounding(case))
