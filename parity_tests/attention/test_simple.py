"""Simple self-attention: both sides agree, and each obeys the laws of the thing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given

from parity_tests.agreement import compare
from parity_tests.attention import laws
from parity_tests.attention.refusals import NO_TIME, WHOLE_NUMBERS
from parity_tests.attention.sides import (
    BOOK,
    array_for,
    both_backends,
    each_side,
    refusal,
    rounding,
    with_x,
)
from parity_tests.catalogue import concept
from parity_tests.concept import Case

SIMPLE = concept("simple")

# Agreement


@given(SIMPLE.cases)
def test_reference_and_torch_agree(case):
    comparison = SIMPLE.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_two_tokens_score_each_other_alike(side, case):
    scores = side.quantity("scores", case)

    assert compare(scores.swapaxes(-2, -1), scores, rounding(case, "scores")).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_the_weights_of_a_token_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_a_context_lies_between_the_tokens(side, case):
    x = case.inputs["x"]

    assert laws.lies_between(x, side(case), rounding(case)).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_a_token_on_its_own_is_its_own_context(side, case):
    alone = case.inputs["x"][..., :1, :]

    assert compare(alone, side(with_x(case, alone))).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_permuting_the_tokens_permutes_the_contexts(side, case):
    assert laws.permuting_the_tokens_permutes_the_contexts(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_permuting_the_channels_permutes_those_of_the_contexts(side, case):
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-1])
    expected = side(case)[..., order]
    actual = side(with_x(case, x[..., order]))

    assert compare(expected, actual, rounding(case)).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_the_mirror_image_of_a_text_has_the_mirror_image_of_its_contexts(side, case):
    expected = -side(case)
    actual = side(with_x(case, -case.inputs["x"]))

    assert compare(expected, actual).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(SIMPLE)
@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0, 4, 3)])
def test_nothing_gives_nothing(side, shape):
    nothing = np.zeros(shape)

    assert compare(nothing, side(Case({}, {"x": nothing}))).holds


# Bridges


@each_side(SIMPLE)
@given(SIMPLE.cases)
def test_it_is_scaled_dot_product_attention_at_scale_one(side, case):
    x = torch.from_numpy(case.inputs["x"])
    expected = F.scaled_dot_product_attention(x, x, x, scale=1.0)

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), [*NO_TIME, *WHOLE_NUMBERS])
def test_a_bad_input_is_refused(backend, x, error, text):
    actual = refusal(lambda: backend.SimpleSelfAttention()(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens


@each_side(SIMPLE)
def test_the_second_token_of_the_book_has_its_weights(side):
    expected = np.float32([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
    actual = side.quantity("weights", Case({}, {"x": BOOK}))[1].round(4)

    assert compare(expected, actual).holds


@each_side(SIMPLE)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [0.4421, 0.5931, 0.5790],
            [0.4419, 0.6515, 0.5683],
            [0.4431, 0.6496, 0.5671],
            [0.4304, 0.6298, 0.5510],
            [0.4671, 0.5910, 0.5266],
            [0.4177, 0.6503, 0.5645],
        ]
    )
    actual = side(Case({}, {"x": BOOK})).round(4)

    assert compare(expected, actual).holds
