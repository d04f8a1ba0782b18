"""Causal heads side by side: both sides agree, and each obeys the laws of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import compare
from parity_tests.attention import laws
from parity_tests.attention.refusals import (
    BAD_CONTEXTS,
    BAD_DROPOUTS,
    BAD_HEADS,
    BAD_INPUTS,
    BAD_SIZES,
    TOO_LONG,
)
from parity_tests.attention.sides import (
    BOOK,
    array_for,
    both_backends,
    each_side,
    in_evaluation,
    projections,
    refusal,
    rounding,
    seeded,
    with_config,
    with_weights,
)
from parity_tests.catalogue import concept

CAUSAL = concept("causal")
WRAPPER = concept("multi_head_wrapper")

CONFIG = {"d_in": 3, "d_out": 2, "context_length": 4, "dropout": 0.0, "num_heads": 2}

# Agreement


@given(WRAPPER.cases)
def test_reference_and_torch_agree(case):
    comparison = WRAPPER.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_weights_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_a_context_lies_between_the_values(side, case):
    case = in_evaluation(case)
    values = np.concatenate(side.quantities("values", case), axis=-1)

    assert laws.lies_between(values, side(case), rounding(case)).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_a_query_of_zero_weighs_all_it_sees_alike(side, case):
    n_tokens = case.inputs["x"].shape[-2]
    visible = np.tri(n_tokens)

    assert laws.a_query_of_zero_weighs_all_it_sees_alike(side, case, visible).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_what_queries_gain_keys_may_lose(side, case):
    assert laws.what_queries_gain_keys_may_lose(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_twice_the_values_give_twice_the_context(side, case):
    assert laws.twice_the_values_give_twice_the_context(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_a_constant_added_to_every_key_changes_nothing(side, case):
    assert laws.a_constant_added_to_every_key_changes_nothing(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases, st.data())
def test_the_future_has_no_influence_on_the_past(side, case, data):
    changed = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="changed")

    assert laws.the_future_has_no_influence_on_the_past(side, case, changed).holds


@each_side(WRAPPER)
@given(WRAPPER.cases, st.data())
def test_a_prefix_has_the_contexts_it_has_in_the_text(side, case, data):
    length = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="length")

    assert laws.a_prefix_has_the_contexts_it_has_in_the_text(side, case, length).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_the_order_of_the_past_is_nothing_to_the_last_token(side, case):
    assert laws.the_order_of_the_past_is_nothing_to_the_last_token(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_a_longer_context_changes_nothing(side, case):
    assert laws.a_longer_context_changes_nothing(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_evaluation_ignores_dropout(side, case):
    assert laws.evaluation_ignores_dropout(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_dropping_everything_leaves_no_context(side, case):
    assert laws.dropping_everything_leaves_no_context(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(WRAPPER)
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 4)])
def test_nothing_gives_nothing(side, leading):
    case = seeded(WRAPPER, 0, np.zeros((*leading, 3)), **CONFIG)

    assert compare(np.zeros((*leading, 4)), side(case)).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_one_head_knows_nothing_of_another(side, case):
    d_out = case.config["d_out"]
    expected = side(case)[..., :d_out]
    others = {
        name: 1 - array
        for name, array in case.weights.items()
        if not name.startswith("heads.0.")
    }
    actual = side(with_weights(case, others))[..., :d_out]

    assert compare(expected, actual).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_permuting_the_heads_permutes_what_they_found(side, case):
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    channels = np.arange(num_heads * d_out).reshape(num_heads, d_out)
    expected = side(case)[..., channels[::-1].ravel()]
    reversed_heads = {
        name.replace(f"heads.{h}.", f"heads.{num_heads - 1 - h}."): array
        for h in range(num_heads)
        for name, array in case.weights.items()
        if name.startswith(f"heads.{h}.")
    }
    actual = side(with_weights(case, reversed_heads))

    assert compare(expected, actual).holds


@both_backends
def test_the_state_names_each_head_by_its_place(backend):
    expected = [
        "heads.0.W_query.weight",
        "heads.0.W_key.weight",
        "heads.0.W_value.weight",
        "heads.1.W_query.weight",
        "heads.1.W_key.weight",
        "heads.1.W_value.weight",
    ]
    actual = list(backend.MultiHeadAttentionWrapper(3, 2, 4, 0.0, 2).state_dict())

    assert actual == expected


def test_one_generator_draws_the_weights_of_all_heads():
    seeded_twice = [
        WRAPPER.reference(**CONFIG, rng=np.random.default_rng(3)).state_dict()
        for _ in range(2)
    ]
    keys = [seeded_twice[0][f"heads.{head}.W_key.weight"] for head in range(2)]

    for name, array in seeded_twice[0].items():
        assert compare(array, seeded_twice[1][name]).holds
    assert not compare(keys[0], keys[1]).holds


# Bridges


@each_side(WRAPPER)
@given(CAUSAL.cases)
def test_one_head_is_causal_attention(side, case):
    expected = CAUSAL.run_torch(CAUSAL.torch, case)
    inputs = dict(case.inputs)
    if "keep" in inputs:
        inputs["keep"] = inputs["keep"][..., None, :, :]
    weights = {f"heads.0.{name}": array for name, array in case.weights.items()}
    one = with_config(replace(case, inputs=inputs, weights=weights), num_heads=1)
    actual = side(one)

    assert compare(expected, actual, rounding(case)).holds


@each_side(WRAPPER)
@given(WRAPPER.cases)
def test_each_head_is_scaled_dot_product_attention_that_is_causal(side, case):
    case = in_evaluation(case)
    expected = torch.cat(
        [
            F.scaled_dot_product_attention(*projections(case, head), is_causal=True)
            for head in (f"heads.{h}." for h in range(case.config["num_heads"]))
        ],
        dim=-1,
    )

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("changed", "error", "text"), [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS, *BAD_HEADS]
)
def test_a_bad_configuration_is_refused(backend, changed, error, text):
    actual = refusal(lambda: backend.MultiHeadAttentionWrapper(**CONFIG | changed))

    assert actual == (error, text)


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), [*BAD_INPUTS, *TOO_LONG])
def test_a_bad_input_is_refused(backend, x, error, text):
    attention = backend.MultiHeadAttentionWrapper(**CONFIG)
    actual = refusal(lambda: attention(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(WRAPPER)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [-0.4519, 0.2216, 0.4772, 0.1063],
            [-0.5874, 0.0058, 0.5891, 0.3257],
            [-0.6300, -0.0632, 0.6202, 0.3860],
            [-0.5675, -0.0843, 0.5478, 0.3589],
            [-0.5526, -0.0981, 0.5321, 0.3428],
            [-0.5299, -0.1081, 0.5077, 0.3493],
        ]
    )
    config = CONFIG | {"d_out": 2, "context_length": 6}
    actual = side(seeded(WRAPPER, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
