"""Multi-head attention: both sides agree, and each obeys the laws of the thing."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from parity_tests.agreement import compare
from parity_tests.attention import laws
from parity_tests.attention.cases import attention_cases, numbers
from parity_tests.attention.refusals import (
    BAD_CONTEXTS,
    BAD_DROPOUTS,
    BAD_HEADS,
    BAD_INPUTS,
    BAD_SIZES,
    TOO_LONG,
    UNEVEN_HEADS,
)
from parity_tests.attention.sides import (
    BOOK,
    DROPPING,
    array_for,
    both_backends,
    each_side,
    in_evaluation,
    in_training,
    refusal,
    rounding,
    seeded,
    with_biases,
    with_config,
    with_weights,
)
from parity_tests.catalogue import concept

CAUSAL = concept("causal")
WRAPPER = concept("multi_head_wrapper")
MULTI_HEAD = concept("multi_head")

CONFIG = {"d_in": 3, "d_out": 4, "context_length": 4, "dropout": 0.0, "num_heads": 2}
TEXTS = numbers("normal", (50, 40, 3), seed=0)

# Agreement


@given(MULTI_HEAD.cases)
def test_reference_and_torch_agree(case):
    comparison = MULTI_HEAD.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_weights_sum_to_one(side, case):
    assert laws.weights_sum_to_one(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_no_weight_is_negative(side, case):
    assert laws.no_weight_is_negative(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_a_context_lies_between_the_values(side, case):
    assert laws.a_context_lies_between_the_values(
        side, case, "head_values", "head_context"
    ).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_a_query_of_zero_weighs_all_it_sees_alike(side, case):
    n_tokens = case.inputs["x"].shape[-2]
    visible = np.tri(n_tokens)

    assert laws.a_query_of_zero_weighs_all_it_sees_alike(side, case, visible).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_what_queries_gain_keys_may_lose(side, case):
    assert laws.what_queries_gain_keys_may_lose(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_twice_the_values_give_twice_the_context(side, case):
    assert laws.twice_the_values_give_twice_the_context(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_a_constant_added_to_every_key_changes_nothing(side, case):
    assert laws.a_constant_added_to_every_key_changes_nothing(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_a_text_does_not_see_the_rest_of_its_batch(side, case):
    assert laws.a_text_does_not_see_the_rest_of_its_batch(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases, st.data())
def test_the_future_has_no_influence_on_the_past(side, case, data):
    changed = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="changed")

    assert laws.the_future_has_no_influence_on_the_past(side, case, changed).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases, st.data())
def test_a_prefix_has_the_contexts_it_has_in_the_text(side, case, data):
    length = data.draw(st.integers(0, case.inputs["x"].shape[-2]), label="length")

    assert laws.a_prefix_has_the_contexts_it_has_in_the_text(side, case, length).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_the_order_of_the_past_is_nothing_to_the_last_token(side, case):
    assert laws.the_order_of_the_past_is_nothing_to_the_last_token(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_a_longer_context_changes_nothing(side, case):
    assert laws.a_longer_context_changes_nothing(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_evaluation_ignores_dropout(side, case):
    assert laws.evaluation_ignores_dropout(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_dropping_everything_leaves_no_context(side, case):
    assert laws.dropping_everything_leaves_no_context(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_the_same_input_gives_the_same_result(side, case):
    assert laws.the_same_input_gives_the_same_result(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_the_input_is_left_as_it_was(side, case):
    assert laws.the_input_is_left_as_it_was(side, case).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_the_result_has_the_dtype_of_the_input(side, case):
    assert laws.the_result_has_the_dtype_of_the_input(side, case).holds


@each_side(MULTI_HEAD)
@pytest.mark.parametrize("leading", [(0,), (2, 0), (0, 4)])
def test_nothing_gives_nothing(side, leading):
    case = seeded(MULTI_HEAD, 0, np.zeros((*leading, 3)), **CONFIG)

    assert compare(np.zeros((*leading, 4)), side(case)).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_one_head_knows_nothing_of_another(side, case):
    head_dim = case.config["d_out"] // case.config["num_heads"]
    expected = side.quantity("context", case)[..., :head_dim]
    others = {}
    for name, array in case.weights.items():
        if name.startswith("W_"):
            others[name] = 1 - array
            others[name][:head_dim] = array[:head_dim]
    actual = side.quantity("context", with_weights(case, others))[..., :head_dim]

    assert compare(expected, actual).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_the_order_of_the_heads_is_nothing_to_the_output(side, case):
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    backwards = np.arange(d_out).reshape(num_heads, -1)[::-1].ravel()
    reversed_heads = {
        name: array[:, backwards] if name == "out_proj.weight" else array[backwards]
        for name, array in case.weights.items()
        if name != "out_proj.bias"
    }
    expected = side(case)
    actual = side(with_weights(case, reversed_heads))

    assert compare(expected, actual, rounding(case)).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_dropping_everything_leaves_the_bias_of_the_output(side, case):
    case = in_training(with_config(case, dropout=1.0))
    actual = side(case)
    expected = np.broadcast_to(case.weights["out_proj.bias"], actual.shape)

    assert compare(expected, actual).holds


@each_side(MULTI_HEAD)
@given(MULTI_HEAD.cases)
def test_what_dropout_spares_is_scaled_up(side, case):
    case = with_config(in_training(case), dropout=0.5)
    weights, kept = (side.quantity(name, case) for name in ("weights", "kept"))
    expected = np.where(kept == 0, 0, 2 * weights)

    assert compare(expected, kept).holds


@each_side(MULTI_HEAD)
def test_dropout_spares_each_weight_with_the_chance_it_should(side):
    case = seeded(MULTI_HEAD, 0, TEXTS, **DROPPING, num_heads=2)
    case = replace(in_training(case), seed=123)
    spared = side.quantity("kept", case)[..., np.tri(40, dtype=bool)] > 0
    expected = 0.75 * spared.size
    off = abs(spared.sum() - expected)

    # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n), one in 10**9.
    assert off < math.sqrt(math.log(2e9) * spared.size / 2)


@each_side(MULTI_HEAD)
def test_dropout_spares_neighbours_independently(side):
    case = seeded(MULTI_HEAD, 0, TEXTS, **DROPPING, num_heads=2)
    case = replace(in_training(case), seed=321)
    spared = side.quantity("kept", case)[..., np.tri(40, dtype=bool)] > 0
    both = spared[..., 0::2] & spared[..., 1::2]
    off = abs(both.sum() - 0.75**2 * both.size)

    assert off < math.sqrt(math.log(2e9) * both.size / 2)


@both_backends
def test_only_the_output_has_a_bias_unless_asked_for(backend):
    expected = [
        "W_query.weight",
        "W_key.weight",
        "W_value.weight",
        "out_proj.weight",
        "out_proj.bias",
    ]
    actual = list(backend.MultiHeadAttention(3, 2, 4, 0.0, 2).state_dict())

    assert actual == expected


# Bridges


@each_side(MULTI_HEAD)
@given(CAUSAL.cases)
def test_one_head_is_causal_attention_and_a_projection(side, case):
    case = in_evaluation(case)
    d_out = case.config["d_out"]
    output = {
        "out_proj.weight": numbers("normal", (d_out, d_out), case.seed),
        "out_proj.bias": numbers("normal", (d_out,), case.seed + 1),
    }
    one = with_weights(with_config(case, num_heads=1), output)
    context = CAUSAL.run_torch(CAUSAL.torch, case)
    weight, bias = (torch.from_numpy(one.weights[name]) for name in output)
    expected = F.linear(context, weight, bias)
    actual = side(one)

    assert compare(expected, actual, rounding(one)).holds


@each_side(MULTI_HEAD)
@given(WRAPPER.cases)
def test_stacked_heads_are_the_wrapper(side, case):
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    one_head = [name for name in case.weights if name.startswith("heads.0.")]
    stacked = {
        name.removeprefix("heads.0."): np.concatenate(
            [case.weights[name.replace("0", str(h), 1)] for h in range(num_heads)]
        )
        for name in one_head
    }
    stacked["out_proj.weight"] = np.eye(num_heads * d_out)
    stacked["out_proj.bias"] = np.zeros(num_heads * d_out)
    together = with_config(replace(case, weights={}), d_out=num_heads * d_out)
    expected = WRAPPER.run_torch(WRAPPER.torch, case)
    actual = side(with_weights(together, stacked))

    assert compare(expected, actual, rounding(case)).holds


@each_side(MULTI_HEAD)
@given(attention_cases("MultiHeadAttention", square=True))
def test_it_is_the_multi_head_attention_of_pytorch(side, case):
    case = with_biases(in_evaluation(case))
    x = torch.from_numpy(case.inputs["x"])
    n_tokens, d_out = x.shape[-2:]
    theirs = nn.MultiheadAttention(
        d_out, case.config["num_heads"], batch_first=True, dtype=x.dtype
    )
    names = [f"W_{name}" for name in ("query", "key", "value")]
    parts = {
        "in_proj_weight": [case.weights[f"{name}.weight"] for name in names],
        "in_proj_bias": [case.weights[f"{name}.bias"] for name in names],
        "out_proj.weight": [case.weights["out_proj.weight"]],
        "out_proj.bias": [case.weights["out_proj.bias"]],
    }
    theirs.load_state_dict(
        {name: torch.from_numpy(np.concatenate(part)) for name, part in parts.items()}
    )
    flat = x.reshape(math.prod(x.shape[:-2]), n_tokens, d_out)
    hidden = torch.ones(n_tokens, n_tokens, dtype=torch.bool).triu(1)
    expected = theirs(flat, flat, flat, attn_mask=hidden)[0].reshape(x.shape)

    assert compare(expected, side(case), rounding(case)).holds


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("changed", "error", "text"),
    [*BAD_SIZES, *BAD_CONTEXTS, *BAD_DROPOUTS, *BAD_HEADS, *UNEVEN_HEADS],
)
def test_a_bad_configuration_is_refused(backend, changed, error, text):
    actual = refusal(lambda: backend.MultiHeadAttention(**CONFIG | changed))

    assert actual == (error, text)


@both_backends
@pytest.mark.parametrize(("x", "error", "text"), [*BAD_INPUTS, *TOO_LONG])
def test_a_bad_input_is_refused(backend, x, error, text):
    attention = backend.MultiHeadAttention(**CONFIG)
    actual = refusal(lambda: attention(array_for(backend, x)))

    assert actual == (error, text)


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(MULTI_HEAD)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [0.3190, 0.4858],
            [0.2943, 0.3897],
            [0.2856, 0.3593],
            [0.2693, 0.3873],
            [0.2639, 0.3928],
            [0.2575, 0.4028],
        ]
    )
    config = CONFIG | {"d_out": 2, "context_length": 6}
    actual = side(seeded(MULTI_HEAD, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
