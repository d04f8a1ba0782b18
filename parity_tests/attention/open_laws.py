"""Laws of attention in which every token sees every token, from the simplest on."""

import math
from dataclasses import replace

import numpy as np

import torch_impl
from parity_tests.agreement import Agreement, compare
from parity_tests.attention.cases import attention_cases, run_torch
from parity_tests.attention.changes import rounding, with_weights, with_x
from parity_tests.attention.laws import lies_between
from parity_tests.case import Case
from parity_tests.law import Asked, Law
from parity_tests.side import Side


def permuting_the_tokens_permutes_the_contexts(side: Asked, case: Case) -> Agreement:
    """The order of the tokens is nothing to attention without a mask."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-2])
    expected = side(case)[..., order, :]
    return compare(expected, side(with_x(case, x[..., order, :])), rounding(case))


def two_tokens_score_each_other_alike(side: Side, case: Case) -> Agreement:
    """Without projections, a token asks with what it is asked for."""
    scores = side.quantity("scores", case)
    return compare(scores.swapaxes(-2, -1), scores, rounding(case, "scores"))


def a_context_lies_between_the_tokens(side: Side, case: Case) -> Agreement:
    """Without projections, the values are the tokens."""
    return lies_between(case.inputs["x"], side(case), rounding(case))


def a_token_on_its_own_is_its_own_context(side: Side, case: Case) -> Agreement:
    """A weight of one falls on the only token."""
    alone = case.inputs["x"][..., :1, :]
    return compare(alone, side(with_x(case, alone)))


def permuting_the_channels_permutes_those_of_the_contexts(
    side: Side, case: Case
) -> Agreement:
    """Without projections, no channel is another's business."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-1])
    expected = side(case)[..., order]
    return compare(expected, side(with_x(case, x[..., order])), rounding(case))


def the_mirror_image_of_a_text_has_the_mirror_image_of_its_contexts(
    side: Side, case: Case
) -> Agreement:
    """Two signs cancel in every score and none in the values."""
    return compare(-side(case), side(with_x(case, -case.inputs["x"])))


def with_weights_of_one_and_the_scale_undone_it_is_simple_attention(
    side: Side, case: Case
) -> Agreement:
    """On cases of simple attention: what the projections and the scale add."""
    expected = run_torch(torch_impl.SimpleSelfAttention, case)
    d_in = case.inputs["x"].shape[-1]
    same = np.eye(d_in)
    undone = {"W_query": math.sqrt(d_in) * same, "W_key": same, "W_value": same}
    case = replace(case, config={"d_in": d_in, "d_out": d_in})
    return compare(expected, side(with_weights(case, undone)), rounding(case))


def it_is_version_one_with_its_weights_transposed(side: Side, case: Case) -> Agreement:
    """On cases of version one: a linear layer keeps its weight as (out, in)."""
    expected = run_torch(torch_impl.SelfAttentionV1, case)
    transposed = {f"{name}.weight": array.T for name, array in case.weights.items()}
    return compare(expected, side(replace(case, weights=transposed)), rounding(case))


OPEN = (Law(permuting_the_tokens_permutes_the_contexts, for_all=True),)
SIMPLE = (
    *OPEN,
    Law(two_tokens_score_each_other_alike),
    Law(a_context_lies_between_the_tokens),
    Law(a_token_on_its_own_is_its_own_context),
    Law(permuting_the_channels_permutes_those_of_the_contexts),
    Law(the_mirror_image_of_a_text_has_the_mirror_image_of_its_contexts),
)
V1_IS_SIMPLE = Law(
    with_weights_of_one_and_the_scale_undone_it_is_simple_attention,
    attention_cases("SimpleSelfAttention"),
)
V2_IS_V1 = Law(
    it_is_version_one_with_its_weights_transposed,
    attention_cases("SelfAttentionV1"),
)
