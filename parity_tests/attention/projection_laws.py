"""Laws of attention whose queries, keys and values are projections."""

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.attention.changes import (
    in_evaluation,
    rounding,
    scaled,
    with_biases,
    with_weights,
)
from parity_tests.attention.laws import WEIGHTS, lies_between
from parity_tests.case import Case
from parity_tests.law import Law
from parity_tests.side import Side


def a_context_lies_between_the_values(side: Side, case: Case) -> Agreement:
    """In every channel a context lies between the lowest and the highest value."""
    case = in_evaluation(case)
    values = np.concatenate(side.quantities("values", case), axis=-1)  # heads in a row
    context = side.quantity("context", case)
    return lies_between(values, context, rounding(case, "context"))


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


def a_query_of_zero_weighs_all_it_sees_alike(side: Side, case: Case) -> Agreement:
    """Who asks for nothing gets the average."""
    n_tokens = case.inputs["x"].shape[-2]
    all_of_it = np.ones((n_tokens, n_tokens))
    visible = np.tri(n_tokens) if "causal" in side.concept.supports else all_of_it
    even = visible / visible.sum(axis=-1, keepdims=True)
    actual = side.quantity("weights", scaled(case, "W_query", 0.0))
    expected = np.broadcast_to(even, actual.shape).astype(actual.dtype)
    return compare(expected, actual, rounding(case, "weights"))


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


PROJECTED = (
    *WEIGHTS,
    Law(a_context_lies_between_the_values),
    Law(a_query_of_zero_weighs_all_it_sees_alike),
    Law(what_queries_gain_keys_may_lose),
    Law(twice_the_values_give_twice_the_context),
)
LINEAR = (*PROJECTED, Law(a_constant_added_to_every_key_changes_nothing))
