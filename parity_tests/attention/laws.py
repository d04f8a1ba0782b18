"""Laws that every variant of attention obeys, or every one that has projections.

A law takes one side and a case, and needs nothing from the other side. It returns how
well what the law says and what the side gives agree.
"""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.agreement import Agreement, compare
from parity_tests.attention.cases import SMALL, accepted, numbers, weight_shapes
from parity_tests.attention.changes import in_evaluation, rounding, with_x
from parity_tests.case import Case
from parity_tests.law import REPEATABLE, Asked, Law
from parity_tests.side import Side

Array = np.ndarray[Any, Any]


def weights_sum_to_one(side: Side, case: Case) -> Agreement:
    """The weights of a token sum to one, in every head."""
    weights = np.stack(side.quantities("weights", case))
    ones = np.ones(weights.shape[:-1], weights.dtype)
    return compare(ones, weights.sum(axis=-1), rounding(case, "weights"))


def no_weight_is_negative(side: Side, case: Case) -> Agreement:
    """No token takes a value away, in any head."""
    weights = np.stack(side.quantities("weights", case))
    return compare(np.abs(weights), weights)


def lies_between(values: Array, context: Array, yardstick: float) -> Agreement:
    """Compare contexts with the nearest that lie between the values."""
    lowest = values.min(axis=-2, keepdims=True, initial=np.inf)
    highest = values.max(axis=-2, keepdims=True, initial=-np.inf)
    return compare(context.clip(lowest, highest), context, yardstick)


def a_text_does_not_see_the_rest_of_its_batch(side: Asked, case: Case) -> Agreement:
    """A text has the same contexts alone and in company, however they are stacked."""
    case = in_evaluation(case)
    x, alone = case.inputs["x"], side(case)
    n_texts = math.prod(x.shape[:-2])
    texts = x.reshape(n_texts, *x.shape[-2:])
    in_company = side(with_x(case, np.concatenate([1 - texts, texts])))[n_texts:]
    expected = alone.reshape(n_texts, *alone.shape[-2:])
    return compare(expected, in_company, rounding(case))


def the_input_is_left_as_it_was(side: Side, case: Case) -> Agreement:
    """Attention writes over nothing that it was given."""
    before = case.inputs["x"].copy()
    side(case)
    return compare(before, case.inputs["x"])


def the_result_has_the_dtype_of_the_input(side: Side, case: Case) -> Agreement:
    """What goes in as float64 comes out as float64, and float32 as float32."""
    return compare(case.inputs["x"].dtype.name, side(case).dtype.name)


def nothing_gives_nothing(side: Side, case: Case) -> Agreement:
    """No token, or no text, has no context, and is no error."""
    x = case.inputs["x"]
    width = side(with_x(case, np.zeros((1, x.shape[-1])))).shape[-1]
    return compare(np.zeros((*x.shape[:-1], width)), side(case))


def cases_of_nothing(variant: type) -> st.SearchStrategy[Case]:
    """Draw a text without a token, texts without one, or no text."""
    config = accepted(variant, SMALL)
    shapes_of_weights = weight_shapes(variant.__name__, config).items()
    weights = {
        name: numbers("normal", shape, place)
        for place, (name, shape) in enumerate(shapes_of_weights)
    }
    shapes = [(0, 3), (2, 0, 3), (0, 4, 3)]
    return st.sampled_from(
        [Case(config, {"x": np.zeros(shape)}, weights) for shape in shapes]
    )


WEIGHTS = (Law(weights_sum_to_one), Law(no_weight_is_negative))


def laws_of_all(variant: type) -> tuple[Law, ...]:
    """Record what every variant obeys."""
    return (
        Law(a_text_does_not_see_the_rest_of_its_batch, for_all=True),
        REPEATABLE,
        Law(the_input_is_left_as_it_was),
        Law(the_result_has_the_dtype_of_the_input),
        Law(nothing_gives_nothing, cases_of_nothing(variant)),
    )
