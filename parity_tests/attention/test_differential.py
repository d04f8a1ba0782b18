"""Differential attention: its properties, rejections, oracles and bridges."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases, head_dims
from parity_tests.attention.changes import scaled, with_biases, with_parameters
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.probes import attention_probes
from parity_tests.attention.rejections import UNEVEN_GROUPS, UNEVEN_HEADS, rejected
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/differential"
FAR = 1e3  # σ(1000) is 1, and σ(-1000) is 0, to the last bit


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads in groups, in each of which query heads come in twos."""
    groups, group_size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {
        "d_in": draw(st.integers(1, 6)),
        "d_out": groups * group_size * draw(head_dims),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "qkv_bias": draw(st.booleans()),
    }


CASES = attention_cases(PATH, configurations())


def with_lambda(case: Case, logit: float) -> Case:
    """Let every λ be the sigmoid of one number, whatever the token is."""
    case = with_biases(case)
    weight, bias = (case.parameters[f"W_lambda.{name}"] for name in ("weight", "bias"))
    changed = {"W_lambda.weight": 0 * weight, "W_lambda.bias": bias * 0 + logit}
    return with_parameters(case, changed)


def by_query_head(case: Case, array: Array) -> Array:
    """Show the rows of a query projection by head, as an axis (H, 2, D, …)."""
    return array.reshape(case.config["num_heads"], 2, -1, *array.shape[1:])


def with_query_heads(case: Case, even: int, odd: int) -> Case:
    """Put of the two query heads of every head others in their places, or the same."""
    changed = {}
    for name in ("W_query.weight", "W_query.bias"):
        if name in case.parameters:
            heads = by_query_head(case, case.parameters[name])
            both = heads[:, [even, odd]]
            changed[name] = both.reshape(case.parameters[name].shape)
    return with_parameters(case, changed)


def on_even_heads(case: Case) -> torch.Tensor:
    """Run grouped-query attention with query heads 0, 2, 4, …."""
    parameters = {n: a for n, a in case.parameters.items() if "W_lambda" not in n}
    for name in ("W_query.weight", "W_query.bias"):
        if name in parameters:
            even = by_query_head(case, parameters[name])[:, 0]
            parameters[name] = even.reshape(-1, *parameters[name].shape[1:])
    grouped = Case(case.config, dict(case.inputs), parameters)
    return by_torch("attention/grouped_query", grouped)


def with_a_lambda_of_zero_it_is_grouped_query_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """λ → -∞ before the sigmoid: the even heads alone are left."""
    case = with_lambda(case, -FAR)
    return compare(on_even_heads(case), run(case), run.rounding(case))


def two_equal_heads_leave_nothing_with_a_lambda_of_one(
    run: OneBackend, case: Case
) -> Agreement:
    """What both attend to is taken out whole; the bias of the output remains."""
    case = with_query_heads(with_lambda(case, FAR), 0, 0)
    actual = run(case)
    expected = np.broadcast_to(case.parameters["out_proj.bias"], actual.shape)
    return compare(expected, actual, run.rounding(case))


def two_equal_heads_leave_half_with_a_lambda_of_one_half(
    run: OneBackend, case: Case
) -> Agreement:
    """σ(0) = ½, for which the output projection may be halved as well."""
    case = with_query_heads(with_lambda(case, 0.0), 0, 0)
    weight = case.parameters["out_proj.weight"] / 2
    halved = with_parameters(case, {"out_proj.weight": weight})
    return compare(on_even_heads(halved), run(case), run.rounding(case))


def with_a_lambda_of_one_swapping_both_heads_changes_the_sign(
    run: OneBackend, case: Case
) -> Agreement:
    """The context vectors are b - a where they were a - b."""
    case = with_lambda(case, FAR)
    swapped = with_query_heads(case, 1, 0)
    expected = -run.quantity("context", case)
    actual = run.quantity("context", swapped)
    return compare(expected, actual, run.rounding(case, "context"))


def doubling_the_values_doubles_the_context(run: OneBackend, case: Case) -> Agreement:
    """λ looks at the token, not at the context vectors."""
    twice = scaled(case, "W_value", 2.0)
    expected = 2 * run.quantity("context", case)
    actual = run.quantity("context", twice)
    return compare(expected, actual, run.rounding(twice, "context"))


def the_first_token_gets_a_share_of_its_value(run: OneBackend, case: Case) -> Agreement:
    """Both heads attend to it alone: 1 - λ of it is left, and λ = ½ leaves half."""
    case = with_lambda(case, 0.0)
    context = run.quantity("context", case)[..., :1, :]
    values = run.quantity("group_values", case)[..., :1, :]  # (*B, G, 1, D)
    repeats = case.config["num_heads"] // case.config["num_kv_heads"]
    heads = np.repeat(values, repeats, axis=-3).swapaxes(-3, -2)
    expected = heads.reshape(context.shape) / 2
    return compare(expected, context, run.rounding(case, "context"))


def difference_of_weights(case: Case) -> torch.Tensor:
    """Average once, with the difference of two softmaxes as attention weights."""
    heads, groups = case.config["num_heads"], case.config["num_kv_heads"]
    x = torch.from_numpy(case.inputs["x"])

    def project(name: str, n_heads: int) -> torch.Tensor:
        weight = torch.from_numpy(case.parameters[f"{name}.weight"])
        bias = case.parameters.get(f"{name}.bias")
        rows = F.linear(x, weight, None if bias is None else torch.from_numpy(bias))
        return rows.unflatten(-1, (n_heads, -1)).transpose(-3, -2)

    queries = project("W_query", 2 * heads)
    keys, values = (
        project(name, groups).repeat_interleave(heads // groups, dim=-3)
        for name in ("W_key", "W_value")
    )
    future = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).triu(1)

    def weights(which: int) -> torch.Tensor:
        scores = queries[..., which::2, :, :] @ keys.mT / keys.shape[-1] ** 0.5
        return F.softmax(scores.masked_fill(future, -torch.inf), dim=-1)

    difference = weights(0) - project("W_lambda", heads).sigmoid() * weights(1)
    context = (difference @ values).transpose(-3, -2).flatten(-2)
    out = (case.parameters[f"out_proj.{name}"] for name in ("weight", "bias"))
    return F.linear(context, *map(torch.from_numpy, out))


RIGHT = {"d_in": 3, "d_out": 4, "num_heads": 2, "num_kv_heads": 1}
PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        *properties.OF_ALL,
        *properties.EARLIER_TOKENS,
        Property(with_a_lambda_of_zero_it_is_grouped_query_attention),
        Property(two_equal_heads_leave_nothing_with_a_lambda_of_one),
        Property(two_equal_heads_leave_half_with_a_lambda_of_one_half),
        Property(with_a_lambda_of_one_swapping_both_heads_changes_the_sign),
        Property(doubling_the_values_doubles_the_context),
        Property(the_first_token_gets_a_share_of_its_value),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejected(PATH, UNEVEN_HEADS, UNEVEN_GROUPS, num_kv_heads=1),
    oracles=(
        Oracle(
            "the difference of two F.softmax, averaged once",
            difference_of_weights,
            CASES.filter(is_not_empty),
        ),
    ),
    on_text=attention_on_text(PATH, num_kv_heads=2),
    examples=attention_examples(PATH, num_kv_heads=1),
    probes=attention_probes(PATH),
    typed=attention_typed(PATH, d_out=4, num_kv_heads=1),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestDifferentialAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
