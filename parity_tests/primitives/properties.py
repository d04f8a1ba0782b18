"""Properties of whatever takes arrays and gives one: of every primitive, and others."""

import numpy as np

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Property


def the_input_is_not_changed(run: OneBackend, case: Case) -> Agreement:
    """Nothing is written into an array that goes in."""
    before = [np.copy(value) for value in case.inputs.values()]
    run(case)
    return compare(before, [*case.inputs.values()])


def the_output_has_the_dtype_of_the_input(run: OneBackend, case: Case) -> Agreement:
    """float64 stays float64, and float32 stays float32."""
    return compare(case.dtype, run(case).dtype.name)


def memory_layout_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """An array in Fortran's order has the same numbers, and so has the output."""
    inputs = {n: np.asfortranarray(value) for n, value in case.inputs.items()}
    return compare(run(case), run(case.with_inputs(**inputs)), run.rounding(case))


OF_ANY_LAYOUT = (  # the mask that PyTorch draws depends on the layout
    REPEATABLE,
    Property(the_input_is_not_changed),
    Property(the_output_has_the_dtype_of_the_input),
)
OF_ALL = (*OF_ANY_LAYOUT, Property(memory_layout_changes_nothing), *GRADIENTS)
