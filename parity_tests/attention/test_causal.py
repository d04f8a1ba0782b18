"""Causal attention: both sides agree, and each obeys the laws of the thing."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import compare
from parity_tests.attention import laws
from parity_tests.attention.cases import numbers
from parity_tests.attention.refusals import (
    BAD_CONTEXTS,
    BAD_DROPOUTS,
    BAD_INPUTS,
    BAD_SIZES,
    TOO_LONG,
)
from parity_tests.attention.sides import (
    BOOK,
    DROPPING,
    array_for,
    both_backends,
    each_side,
    in_evaluation,
    in_training,
    projections,
    refusal,
    rounding,
    seeded,
    with_config,
    with_x,
)
from parity_tests.catalogue import concept

V2 = concept("self_attention_v2")
CAUSAL = concept("causal")

CONFIG = {"d_in": 3, "d_out": 2, "context_length": 4, "dropout": 0.0}
TEXTS = numbers("normal", (50, 40, 3), seed=0)

# Agreement


@given(CAUSAL.cases)
def test_reference_and_torch_agree(case):
    comparison = CAUSAL.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_weights_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_a_context_lies_between_the_values(side, case):
    assert laws.a_context_lies_between_the_values(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_a_query_of_zero_weighs_all_it_sees_alike(side, case):
    n_tokens = case.inputs["x"].shape[-2]
    visible = np.tri(n_tokens)

    assert laws.a_query_of_zero_weighs_all_it_sees_alike(side, case, visible).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_what_queries_gain_keys_may_lose(side, case):
    assert laws.what_queries_gain_keys_may_lose(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_twice_the_values_give_twice_the_context(side, case):
    assert laws.twice_the_values_give_twice_the_context(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_a_constant_added_to_every_key_changes_nothing(side, case):
    assert laws.a_constant_added_to_every_key_changes_nothing(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases, st.data())
def test_the_future_has_no_influence_on_the_past(side, case, data):
    changed = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="changed")

    assert laws.the_future_has_no_influence_on_the_past(side, case, changed).holds


@each_side(CAUSAL)
@given(CAUSAL.cases, st.data())
def test_a_prefix_has_the_contexts_it_has_in_the_text(side, case, data):
    length = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="length")

    assert laws.a_prefix_has_the_contexts_it_has_in_the_text(side, case, length).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_the_order_of_the_past_is_nothing_to_the_last_token(side, case):
    assert laws.the_order_of_the_past_is_nothing_to_the_last_token(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_a_longer_context_changes_nothing(side, case):
    assert laws.a_longer_context_changes_nothing(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_evaluation_ignores_dropout(side, case):
    assert laws.evaluation_ignores_dropout(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_dropping_everything_leaves_no_context(side, case):
    assert laws.dropping_everything_leaves_no_context(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(CAUSAL)
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 4)])
def test_nothing_gives_nothing(side, leading):
    case = seeded(CAUSAL, 0, np.zeros((*leading, 3)), **CONFIG)

    assert compare(np.zeros((*leading, 2)), side(case)).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_the_first_token_sees_itself_alone(side, case):
    case = in_evaluation(case)
    expected = side.quantity("values", case)[..., :1, :]
    actual = side(case)[..., :1, :]

    assert compare(expected, actual).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_no_weight_falls_on_the_future(side, case):
    weights = side.quantity("weights", case)

    assert compare(np.tril(weights), weights).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_what_dropout_spares_is_scaled_up(side, case):
    case = with_config(in_training(case), dropout=0.5)
    weights, kept = (side.quantity(name, case) for name in ("weights", "kept"))
    expected = np.where(kept == 0, 0, 2 * weights)

    assert compare(expected, kept).holds


@each_side(CAUSAL)
def test_dropout_spares_each_weight_with_the_chance_it_should(side):
    case = seeded(CAUSAL, 0, TEXTS, **DROPPING)
    case = replace(in_training(case), seed=123)
    spared = side.quantity("kept", case)[..., np.tri(40, dtype=bool)] > 0
    expected = 0.75 * spared.size
    off = abs(spared.sum() - expected)

    # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n), one in 10**9.
    assert off < math.sqrt(math.log(2e9) * spared.size / 2)


@each_side(CAUSAL)
def test_dropout_spares_neighbours_independently(side):
    case = seeded(CAUSAL, 0, TEXTS, **DROPPING)
    case = replace(in_training(case), seed=321)
    spared = side.quantity("kept", case)[..., np.tri(40, dtype=bool)] > 0
    both = spared[..., 0::2] & spared[..., 1::2]
    off = abs(both.sum() - 0.75**2 * both.size)

    assert off < math.sqrt(math.log(2e9) * both.size / 2)


# Bridges


@each_side(CAUSAL)
@given(CAUSAL.cases, st.data())
def test_a_token_sees_what_attention_without_a_mask_sees_of_its_prefix(
    side, case, data
):
    case = in_evaluation(case)
    length = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="length")
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    unmasked = {name: prefix.config[name] for name in ("d_in", "d_out", "qkv_bias")}
    whole = V2.run_torch(V2.torch, replace(prefix, config=unmasked))
    expected = whole[..., -1:, :]
    actual = side(case)[..., :length, :][..., -1:, :]

    assert compare(expected, actual, rounding(case)).holds


@each_side(CAUSAL)
@given(CAUSAL.cases)
def test_it_is_scaled_dot_product_attention_that_is_causal(side, case):
    case = in_evaluation(case)
    queries, keys, values = projections(case)
    expected = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("changed", "error", "text"), [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS]
)
def test_a_bad_configuration_is_refused(backend, changed, error, text):
    actual = refusal(lambda: backend.CausalAttention(**CONFIG | changed))

    assert actual == (error, text)


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), [*BAD_INPUTS, *TOO_LONG])
def test_a_bad_input_is_refused(backend, x, error, text):
    attention = backend.CausalAttention(**CONFIG)
    actual = refusal(lambda: attention(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(CAUSAL)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [-0.4519, 0.2216],
            [-0.5874, 0.0058],
            [-0.6300, -0.0632],
            [-0.5675, -0.0843],
            [-0.5526, -0.0981],
            [-0.5299, -0.1081],
        ]
    )
    config = CONFIG | {"context_length": 6}
    actual = side(seeded(CAUSAL, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
