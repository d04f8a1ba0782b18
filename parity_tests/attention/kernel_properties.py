"""Properties of pairs on queries, keys and values."""

import numpy as np

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Implementation, Property


def doubling_the_values_doubles_the_output(
    run: Implementation, case: Case
) -> Agreement:
    """The output is linear in the values."""
    twice = case.with_inputs(values=2 * case.inputs["values"])
    return compare(2 * run(case), run(twice), run.rounding(twice))


def each_query_is_answered_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last query alone gets what it gets in company."""
    queries, mask = case.inputs["queries"], case.inputs.get("mask")
    alone = case.with_inputs(queries=queries[..., -1:, :])
    if mask is not None:
        alone = alone.with_inputs(mask=mask[..., -1:, :])
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def the_order_of_the_keys_does_not_matter(run: Implementation, case: Case) -> Agreement:
    """Keys, their values and their columns of the mask may be permuted together."""
    n_keys = case.inputs["keys"].shape[-2]
    order = case.stream("order of the keys").permutation(n_keys)
    moved = {n: case.inputs[n][..., order, :] for n in ("keys", "values")}
    if case.inputs.get("mask") is not None:
        moved["mask"] = case.inputs["mask"][..., order]
    return compare(run(case), run(case.with_inputs(**moved)), run.rounding(case))


def a_hidden_key_has_no_influence(run: Implementation, case: Case) -> Agreement:
    """Whatever it and its value are, who may not attend to it is answered the same."""
    mask = case.inputs.get("mask")
    if mask is None or not mask.shape[-1]:
        return compare(0, 0)
    hidden = mask.copy()
    hidden[..., -1] = False
    case = case.with_inputs(mask=hidden)
    changed = {name: case.inputs[name].copy() for name in ("keys", "values")}
    for array in changed.values():
        array[..., -1, :] = 7
    return compare(run(case), run(case.with_inputs(**changed)), run.rounding(case))


def a_query_that_sees_no_key_gives_zeros(run: Implementation, case: Case) -> Agreement:
    """There is nothing to average; a plain softmax would give NaN."""
    shape = case.inputs["queries"].shape[-2], case.inputs["keys"].shape[-2]
    blind = run(case.with_inputs(mask=np.zeros(shape, bool)))
    return compare(np.zeros_like(blind), blind)


def a_query_that_sees_no_key_has_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """Nor does anything get a gradient from it: zero, never NaN."""
    shape = case.inputs["queries"].shape[-2], case.inputs["keys"].shape[-2]
    blind = case.with_inputs(mask=np.zeros(shape, bool))
    found = [run.gradients(blind)[name] for name in ("queries", "keys", "values")]
    return compare([np.zeros_like(each) for each in found], found)


LINEAR_IN_VALUES = Property(doubling_the_values_doubles_the_output, for_all=True)
OF_ALL_CORES = (
    REPEATABLE,
    LINEAR_IN_VALUES,
    *GRADIENTS,
)
WITH_MASK = (
    Property(each_query_is_answered_by_itself, for_all=True),
    Property(the_order_of_the_keys_does_not_matter, for_all=True),
    Property(a_hidden_key_has_no_influence, for_all=True),
    Property(a_query_that_sees_no_key_gives_zeros, for_all=True),
    Property(a_query_that_sees_no_key_has_no_gradient),
)
