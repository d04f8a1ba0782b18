"""Bridges: a variant that must equal a simpler one, which runs on PyTorch."""

import math
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.attention.changes import (
    in_evaluation,
    with_config,
    with_parameters,
    with_x,
)
from parity_tests.attention.properties import prefix_length
from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.patterns import numbers


def by_torch(path: str, case: Case) -> torch.Tensor:
    """Run another variant on PyTorch."""
    with unchecked():
        output: torch.Tensor = load(path).call(TORCH, case)
    return output


def with_identity_projections_and_no_scale_it_is_simple_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of simple attention: projections and scale are all that is added."""
    expected = by_torch("attention/simple", case)
    d_in = case.inputs["x"].shape[-1]
    same = np.eye(d_in)
    undone = {"W_query": math.sqrt(d_in) * same, "W_key": same, "W_value": same}
    case = replace(case, config={"d_in": d_in, "d_out": d_in})
    projected = with_parameters(case, undone)
    return compare(expected, run(projected), run.rounding(projected))


def it_is_version_one_with_transposed_parameters(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of version one: a linear layer keeps its weight as (out, in)."""
    expected = by_torch("attention/self_attention_v1", case)
    transposed = {f"{name}.weight": array.T for name, array in case.parameters.items()}
    linear = replace(case, parameters=transposed)
    return compare(expected, run(linear), run.rounding(linear))


def the_last_token_of_a_prefix_needs_no_mask(run: OneBackend, case: Case) -> Agreement:
    """No token comes after it, so the causal mask hides nothing from it."""
    case, length = in_evaluation(case), prefix_length(case)
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    unmasked = {name: prefix.config[name] for name in ("d_in", "d_out", "qkv_bias")}
    whole = by_torch("attention/self_attention_v2", replace(prefix, config=unmasked))
    actual = run(case)[..., :length, :][..., -1:, :]
    return compare(whole[..., -1:, :], actual, run.rounding(case))


def one_head_is_causal_attention(run: OneBackend, case: Case) -> Agreement:
    """On cases of causal attention: a single head, with dropout as without."""
    parameters = {f"heads.0.{name}": array for name, array in case.parameters.items()}
    one = with_config(replace(case, parameters=parameters), num_heads=1)
    expected = by_torch("attention/causal", case)
    return compare(expected, run(one), run.rounding(one))


def one_head_is_causal_attention_and_a_projection(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of causal attention: a single head, and the output projection."""
    case = in_evaluation(case)
    d_out = case.config["d_out"]
    weight = numbers("normal", (d_out, d_out), case.seed).astype(case.dtype)
    bias = numbers("normal", (d_out,), case.seed + 1).astype(case.dtype)
    output = {"out_proj.weight": weight, "out_proj.bias": bias}
    one = with_parameters(with_config(case, num_heads=1), output)
    context = by_torch("attention/causal", case)
    expected = F.linear(context, torch.from_numpy(weight), torch.from_numpy(bias))
    return compare(expected, run(one), run.rounding(one))


def stacked_heads_are_the_wrapper(run: OneBackend, case: Case) -> Agreement:
    """On cases of the wrapper: its parameters in one stack, and no projection after."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    width = num_heads * d_out
    stacked = {"out_proj.weight": np.eye(width), "out_proj.bias": np.zeros(width)}
    for name in {name.split(".", 2)[2] for name in case.parameters}:
        of_heads = [case.parameters[f"heads.{h}.{name}"] for h in range(num_heads)]
        stacked[name] = np.concatenate(of_heads)
    alone = with_config(replace(case, parameters={}), d_out=width)
    together = with_parameters(alone, stacked)
    expected = by_torch("attention/multi_head_wrapper", case)
    return compare(expected, run(together), run.rounding(together))
