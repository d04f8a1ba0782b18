"""Properties of whatever takes several arrays and gives several: of every optimizer."""

import numpy as np

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.property import REPEATABLE, Property


def what_goes_in_is_not_changed(run: OneBackend, case: Case) -> Agreement:
    """A step is a function: it gives new arrays."""
    before = [np.copy(value) for value in case.inputs.values()]
    run(case)
    return compare(before, [*case.inputs.values()])


def everything_has_the_dtype_of_what_goes_in(run: OneBackend, case: Case) -> Agreement:
    """float64 stays float64, and float32 stays float32."""
    found = [each.dtype.name for each in run(case)]
    return compare([case.dtype] * len(found), found)


def memory_layout_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """Arrays may be transposed in memory, as gradients often are."""
    inputs = {n: LAYOUTS["transposed"](value) for n, value in case.inputs.items()}
    return compare(run(case), run(case.with_inputs(**inputs)), run.rounding(case))


OF_ALL = (
    REPEATABLE,
    Property(what_goes_in_is_not_changed),
    Property(everything_has_the_dtype_of_what_goes_in),
    Property(memory_layout_changes_nothing),
)
