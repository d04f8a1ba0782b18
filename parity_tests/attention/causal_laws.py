"""Laws of attention that does not see the future."""

from dataclasses import replace

import numpy as np

import torch_impl
from parity_tests.agreement import Agreement, compare
from parity_tests.attention.cases import run_torch
from parity_tests.attention.changes import (
    in_evaluation,
    rounding,
    with_config,
    with_x,
)
from parity_tests.case import Case
from parity_tests.law import Asked, Law
from parity_tests.side import Side


def the_future_has_no_influence_on_the_past(side: Asked, case: Case) -> Agreement:
    """Changing tokens leaves every context before them as it was, to the last bit."""
    x, past = case.inputs["x"].copy(), length_of_a_prefix(case)
    x[..., past:, :] = 1 - x[..., past:, :]
    expected = side(case)[..., :past, :]
    actual = side(with_x(case, x))[..., :past, :]
    return compare(expected, actual, side.repeatability(case))


def a_prefix_has_the_contexts_it_has_in_the_text(side: Side, case: Case) -> Agreement:
    """Cutting off what follows changes nothing for what is left."""
    case, length = in_evaluation(case), length_of_a_prefix(case)
    expected = side(case)[..., :length, :]
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    return compare(expected, side(prefix), rounding(case))


def length_of_a_prefix(case: Case) -> int:
    """Choose a number of tokens by the seed: one or more, and not all if they are two.

    >>> x = np.zeros((3, 1))
    >>> [length_of_a_prefix(Case({}, {"x": x}, seed=seed)) for seed in range(4)]
    [1, 2, 1, 2]
    """
    n_tokens: int = case.inputs["x"].shape[-2]
    return min(n_tokens, 1 + case.seed % max(n_tokens - 1, 1))


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


def no_weight_falls_on_the_future(side: Side, case: Case) -> Agreement:
    """What is weighed are the token itself and those before it."""
    weights = side.quantity("weights", case)
    return compare(np.tril(weights), weights)


def the_first_token_sees_itself_alone(side: Side, case: Case) -> Agreement:
    """There is nothing before the first token: its context is its value."""
    case = in_evaluation(case)
    expected = side.quantity("values", case)[..., :1, :]
    return compare(expected, side(case)[..., :1, :])


def a_token_sees_what_attention_without_a_mask_sees_of_its_prefix(
    side: Side, case: Case
) -> Agreement:
    """The last token of a text has no future to hide."""
    case, length = in_evaluation(case), length_of_a_prefix(case)
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    unmasked = {name: prefix.config[name] for name in ("d_in", "d_out", "qkv_bias")}
    whole = run_torch(torch_impl.SelfAttentionV2, replace(prefix, config=unmasked))
    actual = side(case)[..., :length, :][..., -1:, :]
    return compare(whole[..., -1:, :], actual, rounding(case))


MASKED = (
    Law(the_future_has_no_influence_on_the_past, for_all=True),
    Law(a_prefix_has_the_contexts_it_has_in_the_text),
    Law(the_order_of_the_past_is_nothing_to_the_last_token),
    Law(a_longer_context_changes_nothing),
)
