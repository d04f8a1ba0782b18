"""Laws that several variants of attention obey, each a sentence that can be checked.

A law takes one side and a case, and needs nothing from the other side. It returns how
well what the law says and what the side gives agree.
"""

from typing import Any

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.attention.sides import (
    Side,
    in_evaluation,
    in_training,
    rounding,
    scaled,
    with_biases,
    with_config,
    with_weights,
    with_x,
)
from parity_tests.concept import Case

Array = np.ndarray[Any, Any]


def weights_sum_to_one(side: Side, case: Case) -> Agreement:
    """The weights of a token sum to one."""
    weights = side.quantity("weights", case)
    ones = np.ones(weights.shape[:-1], weights.dtype)
    return compare(ones, weights.sum(axis=-1), rounding(case, "weights"))


def no_weight_is_negative(side: Side, case: Case) -> Agreement:
    """No weight is negative."""
    weights = side.quantity("weights", case)
    return compare(np.abs(weights), weights)


def a_context_lies_between_the_values(
    side: Side, case: Case, values: str = "values", context: str = "context"
) -> Agreement:
    """In every channel a context lies between the lowest and the highest value."""
    case = in_evaluation(case)
    mixed = side.quantity(values, case)
    return lies_between(mixed, side.quantity(context, case), rounding(case, "context"))


def lies_between(values: Array, context: Array, yardstick: float) -> Agreement:
    """In every channel a context lies between the lowest and the highest value."""
    lowest = values.min(axis=-2, keepdims=True, initial=np.inf)
    highest = values.max(axis=-2, keepdims=True, initial=-np.inf)
    return compare(context.clip(lowest, highest), context, yardstick)


def permuting_the_tokens_permutes_the_contexts(side: Side, case: Case) -> Agreement:
    """The order of the tokens is nothing to attention without a mask."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-2])
    expected = side(case)[..., order, :]
    return compare(expected, side(with_x(case, x[..., order, :])), rounding(case))


def a_text_does_not_see_the_rest_of_its_batch(side: Side, case: Case) -> Agreement:
    """A text has the same contexts alone and in company."""
    case = in_evaluation(case)
    x = case.inputs["x"]
    in_company = side(with_x(case, np.stack([1 - x, x])))
    return compare(side(case), in_company[1], rounding(case))


def the_future_has_no_influence_on_the_past(
    side: Side, case: Case, changed: int
) -> Agreement:
    """Changing a token leaves every context before it as it was, to the last bit."""
    x = case.inputs["x"].copy()
    x[..., changed:, :] = 1 - x[..., changed:, :]
    expected = side(case)[..., :changed, :]
    return compare(expected, side(with_x(case, x))[..., :changed, :])


def a_prefix_has_the_contexts_it_has_in_the_text(
    side: Side, case: Case, length: int
) -> Agreement:
    """Cutting off what follows changes nothing for what is left."""
    case = in_evaluation(case)
    expected = side(case)[..., :length, :]
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    return compare(expected, side(prefix), rounding(case))


def the_order_of_the_past_is_nothing_to_the_last_token(
    side: Side, case: Case
) -> Agreement:
    """Attention knows what came before, not in which order."""
    case = in_evaluation(case)
    x = case.inputs["x"]
    order = np.arange(x.shape[-2])
    np.random.default_rng(case.seed).shuffle(order[:-1])
    expected = side(case)[..., -1:, :]
    actual = side(with_x(case, x[..., order, :]))[..., -1:, :]
    return compare(expected, actual, rounding(case))


def a_longer_context_changes_nothing(side: Side, case: Case) -> Agreement:
    """How many tokens would fit is nothing to those that are there."""
    longer = with_config(case, context_length=case.config["context_length"] + 3)
    return compare(side(case), side(longer))


def a_constant_added_to_every_key_changes_nothing(side: Side, case: Case) -> Agreement:
    """Softmax sees differences of scores alone."""
    case = with_biases(case)
    shift = {
        name: array + np.linspace(1, 3, len(array))
        for name, array in case.weights.items()
        if name.endswith("W_key.bias")
    }
    shifted = with_weights(case, shift)
    return compare(side(case), side(shifted), rounding(shifted))


def what_queries_gain_keys_may_lose(side: Side, case: Case) -> Agreement:
    """Twice the queries and half the keys give the same result, to the last bit."""
    traded = scaled(scaled(case, "W_query", 2.0), "W_key", 0.5)
    return compare(side(case), side(traded))


def twice_the_values_give_twice_the_context(side: Side, case: Case) -> Agreement:
    """The context is linear in the values."""
    twice = scaled(case, "W_value", 2.0)
    expected = 2 * side.quantity("context", case)
    actual = side.quantity("context", twice)
    return compare(expected, actual, rounding(twice, "context"))


def a_query_of_zero_weighs_all_it_sees_alike(
    side: Side, case: Case, visible: Array
) -> Agreement:
    """Who asks for nothing gets the average."""
    even = visible / visible.sum(axis=-1, keepdims=True)
    actual = side.quantity("weights", scaled(case, "W_query", 0.0))
    expected = np.broadcast_to(even, actual.shape).astype(actual.dtype)
    return compare(expected, actual, rounding(case, "weights"))


def evaluation_ignores_dropout(side: Side, case: Case) -> Agreement:
    """In evaluation, attention with dropout is attention without it."""
    case = in_evaluation(case)
    none, half = (with_config(case, dropout=dropout) for dropout in (0.0, 0.5))
    return compare(side(none), side(half))


def dropping_everything_leaves_no_context(side: Side, case: Case) -> Agreement:
    """With a dropout of one, in training, every context is zero."""
    everything = with_config(in_evaluation(case), dropout=1.0)
    context = side.quantity("context", in_training(everything))
    return compare(np.zeros_like(context), context)


def the_same_input_gives_the_same_result(side: Side, case: Case) -> Agreement:
    """Nothing is remembered from one call to the next."""
    return compare(side(case), side(case))


def the_input_is_left_as_it_was(side: Side, case: Case) -> Agreement:
    """Attention writes over nothing that it was given."""
    before = case.inputs["x"].copy()
    side(case)
    return compare(before, case.inputs["x"])


def the_result_has_the_dtype_of_the_input(side: Side, case: Case) -> Agreement:
    """What goes in as float64 comes out as float64, and float32 as float32."""
    return compare(case.inputs["x"].dtype.name, side(case).dtype.name)
