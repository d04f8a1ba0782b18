"""Properties of the gradients of attention."""

from dataclasses import replace

import numpy as np

from parity_tests.attention.changes import in_evaluation, with_biases, with_x
from parity_tests.attention.properties import prefix_length
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Property
from parity_tests.lockstep.backward import gradient_for


def gradients_of_the_parameters_add_up_over_the_texts_of_a_batch(
    run: OneBackend, case: Case
) -> Agreement:
    """All texts share the parameters; each text has its own gradient of the input."""
    case, x = in_evaluation(case), case.inputs["x"]
    batch = with_x(case, np.stack([x, 1 - x]))
    grad_output = gradient_for(batch, run.pair.call(REFERENCE, batch))
    batch = replace(batch, grad_output=grad_output)
    whole = run.gradients(batch)
    one, other = (
        run.gradients(replace(with_x(case, text), grad_output=grad))
        for text, grad in zip(batch.inputs["x"], grad_output, strict=True)
    )
    expected = {name: one[name] + other[name] for name in one}
    expected["x"] = np.stack([one["x"], other["x"]])
    units = [run.gradient_rounding(batch, name) for name in expected]
    return compare([*expected.values()], [whole[name] for name in expected], units)


def later_tokens_get_no_gradient_from_earlier_ones(
    run: OneBackend, case: Case
) -> Agreement:
    """What does not influence a context vector has the gradient zero from it."""
    length = prefix_length(case)
    grad_output = gradient_for(case, run.pair.call(REFERENCE, case)).copy()
    grad_output[..., length:, :] = 0
    later = run.gradients(replace(case, grad_output=grad_output))["x"][..., length:, :]
    return compare(np.zeros_like(later), later)


def the_bias_of_the_keys_has_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """It adds the same number to every score of a row, and softmax does not see it."""
    case = with_biases(case)
    found = {n: g for n, g in run.gradients(case).items() if n.endswith("W_key.bias")}
    units = [run.gradient_rounding(case, name) for name in found]
    return compare([np.zeros_like(g) for g in found.values()], [*found.values()], units)


OF_ALL = (
    *GRADIENTS,
    Property(gradients_of_the_parameters_add_up_over_the_texts_of_a_batch),
)
OF_KEY_BIAS = Property(the_bias_of_the_keys_has_no_gradient)
CAUSAL = (
    *OF_ALL,
    Property(later_tokens_get_no_gradient_from_earlier_ones),
    OF_KEY_BIAS,
)
