"""Self-attention, bare weights: both sides agree, and each obeys the laws of it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given

from parity_tests.agreement import compare
from parity_tests.attention import laws
from parity_tests.attention.refusals import (
    BAD_INPUTS,
    BAD_SIZES,
)
from parity_tests.attention.sides import (
    BOOK,
    array_for,
    both_backends,
    each_side,
    refusal,
    rounding,
    seeded,
    with_weights,
)
from parity_tests.catalogue import concept

SIMPLE = concept("simple")
V1 = concept("self_attention_v1")

CONFIG = {"d_in": 3, "d_out": 2}

# Agreement


@given(V1.cases)
def test_reference_and_torch_agree(case):
    comparison = V1.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(V1)
@given(V1.cases)
def test_weights_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_a_context_lies_between_the_values(side, case):
    assert laws.a_context_lies_between_the_values(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_a_query_of_zero_weighs_all_it_sees_alike(side, case):
    n_tokens = case.inputs["x"].shape[-2]
    visible = np.ones((n_tokens, n_tokens))

    assert laws.a_query_of_zero_weighs_all_it_sees_alike(side, case, visible).holds


@each_side(V1)
@given(V1.cases)
def test_what_queries_gain_keys_may_lose(side, case):
    assert laws.what_queries_gain_keys_may_lose(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_twice_the_values_give_twice_the_context(side, case):
    assert laws.twice_the_values_give_twice_the_context(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_permuting_the_tokens_permutes_the_contexts(side, case):
    assert laws.permuting_the_tokens_permutes_the_contexts(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(V1)
@given(V1.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(V1)
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 4)])
def test_nothing_gives_nothing(side, leading):
    case = seeded(V1, 0, np.zeros((*leading, 3)), **CONFIG)

    assert compare(np.zeros((*leading, 2)), side(case)).holds


# Bridges


@each_side(V1)
@given(SIMPLE.cases)
def test_with_weights_of_one_and_the_scale_undone_it_is_simple_attention(side, case):
    expected = SIMPLE.run_torch(SIMPLE.torch, case)
    d_in = case.inputs["x"].shape[-1]
    same = np.eye(d_in)
    undone = {"W_query": math.sqrt(d_in) * same, "W_key": same, "W_value": same}
    config = {"d_in": d_in, "d_out": d_in}
    actual = side(with_weights(replace(case, config=config), undone))

    assert compare(expected, actual, rounding(case)).holds


@each_side(V1)
@given(V1.cases)
def test_it_is_scaled_dot_product_attention(side, case):
    queries, keys, values = (
        torch.from_numpy(case.inputs["x"] @ case.weights[f"W_{name}"])
        for name in ("query", "key", "value")
    )
    expected = F.scaled_dot_product_attention(queries, keys, values)

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(("changed", "error", "text"), BAD_SIZES)
def test_a_bad_configuration_is_refused(backend, changed, error, text):
    actual = refusal(lambda: backend.SelfAttentionV1(**CONFIG | changed))

    assert actual == (error, text)


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), BAD_INPUTS)
def test_a_bad_input_is_refused(backend, x, error, text):
    attention = backend.SelfAttentionV1(**CONFIG)
    actual = refusal(lambda: attention(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens after `torch.manual_seed(123)`


@each_side(V1)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [0.2996, 0.8053],
            [0.3061, 0.8210],
            [0.3058, 0.8203],
            [0.2948, 0.7939],
            [0.2927, 0.7891],
            [0.2990, 0.8040],
        ]
    )
    actual = side(seeded(V1, 123, BOOK, d_in=3, d_out=2)).round(4)

    assert compare(expected, actual).holds
