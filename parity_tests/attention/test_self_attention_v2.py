"""Self-attention, linear layers: both sides agree, and each obeys the laws of it."""

from dataclasses import replace

import numpy as np
import pytest
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
    projections,
    refusal,
    rounding,
    seeded,
)
from parity_tests.catalogue import concept

V1 = concept("self_attention_v1")
V2 = concept("self_attention_v2")

CONFIG = {"d_in": 3, "d_out": 2}

# Agreement


@given(V2.cases)
def test_reference_and_torch_agree(case):
    comparison = V2.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(V2)
@given(V2.cases)
def test_weights_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_a_context_lies_between_the_values(side, case):
    assert laws.a_context_lies_between_the_values(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_a_query_of_zero_weighs_all_it_sees_alike(side, case):
    n_tokens = case.inputs["x"].shape[-2]
    visible = np.ones((n_tokens, n_tokens))

    assert laws.a_query_of_zero_weighs_all_it_sees_alike(side, case, visible).holds


@each_side(V2)
@given(V2.cases)
def test_what_queries_gain_keys_may_lose(side, case):
    assert laws.what_queries_gain_keys_may_lose(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_twice_the_values_give_twice_the_context(side, case):
    assert laws.twice_the_values_give_twice_the_context(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_a_constant_added_to_every_key_changes_nothing(side, case):
    assert laws.a_constant_added_to_every_key_changes_nothing(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_permuting_the_tokens_permutes_the_contexts(side, case):
    assert laws.permuting_the_tokens_permutes_the_contexts(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(V2)
@given(V2.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(V2)
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 4)])
def test_nothing_gives_nothing(side, leading):
    case = seeded(V2, 0, np.zeros((*leading, 3)), **CONFIG)

    assert compare(np.zeros((*leading, 2)), side(case)).holds


@both_backends
def test_the_projections_have_no_bias_unless_asked_for(backend):
    expected = {"W_query.weight", "W_key.weight", "W_value.weight"}
    actual = set(backend.SelfAttentionV2(3, 2).state_dict())

    assert actual == expected


# Bridges


@each_side(V2)
@given(V1.cases)
def test_it_is_version_one_with_its_weights_transposed(side, case):
    expected = V1.run_torch(V1.torch, case)
    transposed = {f"{name}.weight": array.T for name, array in case.weights.items()}
    actual = side(replace(case, weights=transposed))

    assert compare(expected, actual, rounding(case)).holds


@each_side(V2)
@given(V2.cases)
def test_it_is_scaled_dot_product_attention(side, case):
    queries, keys, values = projections(case)
    expected = F.scaled_dot_product_attention(queries, keys, values)

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(("changed", "error", "text"), BAD_SIZES)
def test_a_bad_configuration_is_refused(backend, changed, error, text):
    actual = refusal(lambda: backend.SelfAttentionV2(**CONFIG | changed))

    assert actual == (error, text)


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), BAD_INPUTS)
def test_a_bad_input_is_refused(backend, x, error, text):
    attention = backend.SelfAttentionV2(**CONFIG)
    actual = refusal(lambda: attention(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens after `torch.manual_seed(789)`


@each_side(V2)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [-0.0739, 0.0713],
            [-0.0748, 0.0703],
            [-0.0749, 0.0702],
            [-0.0760, 0.0685],
            [-0.0763, 0.0679],
            [-0.0754, 0.0693],
        ]
    )
    actual = side(seeded(V2, 789, BOOK, d_in=3, d_out=2)).round(4)

    assert compare(expected, actual).holds
