"""Properties of gradients that hold for every pair which has them."""

from copy import deepcopy
from dataclasses import replace

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case, changed
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Property
from parity_tests.lockstep.backward import gradient_for


def doubling_the_gradient_of_the_output_doubles_every_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """The backward pass is linear in the gradient that it begins from."""
    grad_output = gradient_for(case, run.pair.call(REFERENCE, case))
    twice = changed(grad_output, lambda gradient: 2 * gradient)
    once = run.gradients(replace(case, grad_output=grad_output))
    case = replace(case, grad_output=twice)
    actual = run.gradients(case)
    agreements = [
        compare(2 * once[name], actual[name], run.gradient_rounding(case, name))
        for name in once
    ]
    return max(agreements, key=lambda agreement: agreement.error)


def what_goes_in_is_not_changed_by_the_backward_pass(
    run: OneBackend, case: Case
) -> Agreement:
    """Neither the inputs nor the gradient of the output are written into."""
    grad_output = gradient_for(case, run.pair.call(REFERENCE, case))
    before = deepcopy([*case.inputs.values(), grad_output])
    run.gradients(replace(case, grad_output=grad_output))
    return compare(before, [*case.inputs.values(), grad_output])


GRADIENTS = (
    Property(doubling_the_gradient_of_the_output_doubles_every_gradient),
    Property(what_goes_in_is_not_changed_by_the_backward_pass),
)
