"""Laws of several heads, and what joins them to attention with one."""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

import torch_impl
from parity_tests.agreement import Agreement, compare
from parity_tests.attention.cases import numbers, run_torch
from parity_tests.attention.changes import (
    in_evaluation,
    rounding,
    with_config,
    with_weights,
)
from parity_tests.case import Case
from parity_tests.side import Side

# Heads side by side, each with weights of its own


def a_head_knows_nothing_of_the_others(side: Side, case: Case) -> Agreement:
    """Other weights in all heads but the first change nothing in the first."""
    d_out = case.config["d_out"]
    others = {
        name: 1 - array
        for name, array in case.weights.items()
        if not name.startswith("heads.0.")
    }
    actual = side(with_weights(case, others))[..., :d_out]
    return compare(side(case)[..., :d_out], actual)


def permuting_the_heads_permutes_what_they_found(side: Side, case: Case) -> Agreement:
    """What a head found stands at the place of the head."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    channels = np.arange(num_heads * d_out).reshape(num_heads, d_out)
    reversed_heads = {
        name.replace(f"heads.{h}.", f"heads.{num_heads - 1 - h}."): array
        for h in range(num_heads)
        for name, array in case.weights.items()
        if name.startswith(f"heads.{h}.")
    }
    expected = side(case)[..., channels[::-1].ravel()]
    return compare(expected, side(with_weights(case, reversed_heads)))


def one_head_is_causal_attention(side: Side, case: Case) -> Agreement:
    """On cases of causal attention: a single head, with dropout as without."""
    inputs = dict(case.inputs)
    if "keep" in inputs:
        inputs["keep"] = inputs["keep"][..., None, :, :]
    weights = {f"heads.0.{name}": array for name, array in case.weights.items()}
    one = with_config(replace(case, inputs=inputs, weights=weights), num_heads=1)
    expected = run_torch(torch_impl.CausalAttention, case)
    return compare(expected, side(one), rounding(case))


# Heads that share one projection


def one_head_knows_nothing_of_another(side: Side, case: Case) -> Agreement:
    """Other weights for all channels but the first head's leave the first head's."""
    head_dim = case.config["d_out"] // case.config["num_heads"]
    others = {}
    for name, array in case.weights.items():
        if name.startswith("W_"):
            others[name] = 1 - array
            others[name][:head_dim] = array[:head_dim]
    expected, actual = (
        side.quantity("context", each)[..., :head_dim]
        for each in (case, with_weights(case, others))
    )
    return compare(expected, actual)


def the_order_of_the_heads_is_nothing_to_the_output(
    side: Side, case: Case
) -> Agreement:
    """Heads may change places if the output projection reads them in the new order."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    backwards = np.arange(d_out).reshape(num_heads, -1)[::-1].ravel()
    reversed_heads = {
        name: array[:, backwards] if name == "out_proj.weight" else array[backwards]
        for name, array in case.weights.items()
        if name != "out_proj.bias"
    }
    actual = side(with_weights(case, reversed_heads))
    return compare(side(case), actual, rounding(case))


def one_head_is_causal_attention_and_a_projection(side: Side, case: Case) -> Agreement:
    """On cases of causal attention: a single head, and what mixes its channels."""
    case = in_evaluation(case)
    d_out = case.config["d_out"]
    output = {
        "out_proj.weight": numbers("normal", (d_out, d_out), case.seed),
        "out_proj.bias": numbers("normal", (d_out,), case.seed + 1),
    }
    one = with_weights(with_config(case, num_heads=1), output)
    context = run_torch(torch_impl.CausalAttention, case)
    weight, bias = (torch.from_numpy(one.weights[name]) for name in output)
    return compare(F.linear(context, weight, bias), side(one), rounding(one))


def stacked_heads_are_the_wrapper(side: Side, case: Case) -> Agreement:
    """On cases of the wrapper: its weights in one stack, and nothing mixed after."""
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
    expected = run_torch(torch_impl.MultiHeadAttentionWrapper, case)
    actual = side(with_weights(together, stacked))
    return compare(expected, actual, rounding(case))
