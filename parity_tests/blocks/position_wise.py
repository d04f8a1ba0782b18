"""Properties of feed-forward layers: every token by itself, by hidden channels."""

import numpy as np

from parity_tests.attention.changes import with_config, with_parameters, with_x
from parity_tests.attention.gradient_properties import (
    gradients_of_the_parameters_add_up_over_the_texts_of_a_batch,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives.properties import OF_ANY_LAYOUT


def a_token_has_the_same_output_alone(run: Implementation, case: Case) -> Agreement:
    """Tokens do not see each other."""
    alone = with_x(case, case.inputs["x"][..., -1:, :])
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def permuting_the_tokens_permutes_the_outputs(
    run: Implementation, case: Case
) -> Agreement:
    """The layer does not know at which position a token is."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-2])
    expected = run(case)[..., order, :]
    return compare(expected, run(with_x(case, x[..., order, :])), run.rounding(case))


def the_order_of_hidden_channels_does_not_matter(
    run: OneBackend, case: Case
) -> Agreement:
    """They may change places if the last projection reads them in the new order."""
    order = np.random.default_rng(case.seed).permutation(case.config["hidden_dim"])
    changed = {
        name: array[:, order] if name == "down_proj.weight" else array[order]
        for name, array in case.parameters.items()
        if name != "down_proj.bias"
    }
    actual = run(with_parameters(case, changed))
    return compare(run(case), actual, run.rounding(case))


def doubling_the_last_projection_doubles_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """The output is linear in it, to the last bit."""
    last = {n: 2 * a for n, a in case.parameters.items() if "down_proj" in n}
    return compare(2 * run(case), run(with_parameters(case, last)))


def with_opposites(case: Case, *opposite: str) -> Case:
    """Give every hidden channel another one, where some parameters are opposite."""
    doubled = {}
    for name, array in case.parameters.items():
        sign = -1 if name in opposite else 1
        if name != "down_proj.bias":
            axis = 1 if name == "down_proj.weight" else 0
            doubled[name] = np.concatenate([array, sign * array], axis=axis)
    wider = with_config(case, hidden_dim=2 * case.config["hidden_dim"])
    return with_parameters(wider, doubled)


OF_ALL = (
    *OF_ANY_LAYOUT,
    Property(a_token_has_the_same_output_alone, for_all=True),
    Property(permuting_the_tokens_permutes_the_outputs, for_all=True),
    Property(the_order_of_hidden_channels_does_not_matter),
    Property(doubling_the_last_projection_doubles_the_output),
    *GRADIENTS,
    Property(gradients_of_the_parameters_add_up_over_the_texts_of_a_batch),
)
