"""Gated attention: its properties, rejections, oracles and bridges."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from transformers import Qwen3NextConfig
from transformers.models.qwen3_next import modeling_qwen3_next

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases, head_dims
from parity_tests.attention.changes import (
    scaled,
    with_biases,
    with_config,
    with_parameters,
    with_x,
)
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.probes import attention_probes
from parity_tests.attention.rejections import UNEVEN_GROUPS, UNEVEN_HEADS, rejected
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.oracles.float64 import in_float64

PATH = "attention/gated"
OPEN = 1e3  # σ(1000) is 1, and σ(-1000) is 0, to the last bit


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads in groups, and a gate for each channel or for each head."""
    groups, group_size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {
        "d_in": draw(st.integers(1, 6)),
        "d_out": groups * group_size * draw(head_dims),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "gate": draw(st.sampled_from(("channel", "head"))),
        "qkv_bias": draw(st.booleans()),
    }


CASES = attention_cases(PATH, configurations())


def with_gate(case: Case, logit: float) -> Case:
    """Let every gate be the sigmoid of one number, whatever the token is."""
    case = with_biases(case)
    weight, bias = (case.parameters[f"W_gate.{name}"] for name in ("weight", "bias"))
    gate = {"W_gate.weight": 0 * weight, "W_gate.bias": np.full_like(bias, logit)}
    return with_parameters(case, gate)


def ungated(case: Case) -> torch.Tensor:
    """Run grouped-query attention with the same parameters."""
    config = {name: value for name, value in case.config.items() if name != "gate"}
    parameters = {n: a for n, a in case.parameters.items() if "W_gate" not in n}
    inputs = dict(case.inputs)
    return by_torch("attention/grouped_query", Case(config, inputs, parameters))


def a_gate_of_one_is_grouped_query_attention(run: OneBackend, case: Case) -> Agreement:
    """Then everything passes."""
    case = with_gate(case, OPEN)
    return compare(ungated(case), run(case), run.rounding(case))


def a_gate_of_one_half_lets_half_of_it_through(
    run: OneBackend, case: Case
) -> Agreement:
    """σ(0) = ½, for which the output projection may be halved as well."""
    case = with_gate(case, 0.0)
    weight = case.parameters["out_proj.weight"] / 2
    halved = with_parameters(case, {"out_proj.weight": weight})
    return compare(ungated(halved), run(case), run.rounding(case))


def a_closed_gate_leaves_the_bias_of_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """A token can take nothing at all; softmax alone has to attend to something."""
    actual = run(with_gate(case, -OPEN))
    return compare(
        np.broadcast_to(case.parameters["out_proj.bias"], actual.shape), actual
    )


def one_gate_a_channel(case: Case) -> Case:
    """Repeat the gate of a head for each of its channels."""
    if case.config["gate"] == "channel":
        return case
    width = case.config["d_out"] // case.config["num_heads"]
    repeated = {
        name: array.repeat(width, axis=0)
        for name, array in case.parameters.items()
        if name.startswith("W_gate")
    }
    return with_parameters(with_config(case, gate="channel"), repeated)


def a_gate_a_head_is_equal_gates_of_its_channels(
    run: OneBackend, case: Case
) -> Agreement:
    """With equal rows both are the same."""
    return compare(run(case), run(one_gate_a_channel(case)), run.rounding(case))


def doubling_the_values_doubles_what_passes(run: OneBackend, case: Case) -> Agreement:
    """A gate looks at the token, not at the context vector."""
    twice = scaled(case, "W_value", 2.0)
    expected = 2 * run.quantity("context", case)
    actual = run.quantity("context", twice)
    return compare(expected, actual, run.rounding(twice, "context"))


def the_gates_of_other_tokens_do_not_matter(run: OneBackend, case: Case) -> Agreement:
    """A token of zeros has gates of one half, whatever the tokens before it are."""
    case = with_gate(case, 0.0)
    case = with_parameters(
        case, {"W_gate.weight": 1 + case.parameters["W_gate.weight"]}
    )
    x = case.inputs["x"].copy()
    x[..., -1:, :] = 0
    case = with_x(case, x)
    weight = case.parameters["out_proj.weight"] / 2
    halved = with_parameters(case, {"out_proj.weight": weight})
    expected, actual = ungated(halved)[..., -1:, :], run(case)[..., -1:, :]
    return compare(expected, actual, run.rounding(case))


def where_the_gate_is_open_or_closed_it_has_no_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """The sigmoid is flat there."""
    found = []
    for logit in (OPEN, -OPEN):
        gradients = run.gradients(with_gate(case, logit))
        found += [gradients["W_gate.weight"], gradients["W_gate.bias"]]
    return compare([np.zeros_like(each) for each in found], found)


NAMES = {"W_key": "k_proj", "W_value": "v_proj", "out_proj": "o_proj"}


def to_qwen3_next(case: Case) -> dict[str, torch.Tensor]:
    """Convert parameters: in each head the query's rows, then those of the gate."""
    case = one_gate_a_channel(case)
    heads, state = case.config["num_heads"], {}
    for name, array in case.parameters.items():
        own, kind = name.split(".")
        if own in NAMES:
            state[f"{NAMES[own]}.{kind}"] = torch.from_numpy(array)
        elif own == "W_query":
            both = (array, case.parameters[f"W_gate.{kind}"])
            by_head = [each.reshape(heads, -1, *each.shape[1:]) for each in both]
            packed = np.concatenate(by_head, axis=1).reshape(-1, *array.shape[1:])
            state[f"q_proj.{kind}"] = torch.from_numpy(packed)
    return state


def qwen3_next(case: Case) -> torch.Tensor:
    """Run the attention of transformers' Qwen3-Next without its norms and rotation."""
    config, x = case.config, torch.from_numpy(case.inputs["x"])
    theirs = Qwen3NextConfig(
        hidden_size=config["d_in"],
        num_attention_heads=config["num_heads"],
        num_key_value_heads=config["num_kv_heads"],
        head_dim=config["d_out"] // config["num_heads"],
        attention_bias=config["qkv_bias"],
        attn_implementation="eager",
    )
    attention = modeling_qwen3_next.Qwen3NextAttention(theirs, layer_idx=0)
    attention.q_norm, attention.k_norm = nn.Identity(), nn.Identity()
    attention.o_proj = nn.Linear(config["d_out"], config["d_out"])  # it has no bias
    attention.to(x.dtype).load_state_dict(to_qwen3_next(case))
    batch = x.reshape(x.shape[:-2].numel(), *x.shape[-2:])
    n_tokens = x.shape[-2]
    still = torch.zeros(1, n_tokens, 0, dtype=x.dtype)  # no channel turns
    hidden = torch.full((n_tokens, n_tokens), -torch.inf, dtype=x.dtype).triu(1)
    with in_float64(modeling_qwen3_next):
        output: torch.Tensor = attention(batch, (still, still), hidden[None, None])[0]
    return output.reshape(*x.shape[:-1], config["d_out"])


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases of attention, and a gate for each head."""
    yield from attention_examples(PATH, num_kv_heads=1)(seed)
    (batch,) = (
        example
        for example in attention_examples(PATH, num_kv_heads=1, gate="head")(seed)
        if example.name == "batch"
    )
    yield Example("gate-a-head", batch.case, "One gate for all channels of a head.")


def probes(seed: int) -> Iterator[Probe]:
    """Make the probes of attention, and some with a gate for each head."""
    for index, probe in enumerate(attention_probes(PATH)(seed)):
        yield probe
        if index % 5 == 0 and "d_out" in probe.case.config:
            case = with_config(probe.case, gate="head")
            heads = case.config["num_heads"]
            gates = {
                name: array[:heads]
                for name, array in case.parameters.items()
                if name.startswith("W_gate")
            }
            rule = f"{probe.rule}; a gate a head"
            yield Probe(rule, with_parameters(case, gates), probe.own_dtype)


RIGHT = {"d_in": 3, "d_out": 4, "num_heads": 2, "num_kv_heads": 1}
PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        *properties.OF_ALL,
        *properties.EARLIER_TOKENS,
        Property(a_gate_of_one_is_grouped_query_attention),
        Property(a_gate_of_one_half_lets_half_of_it_through),
        Property(a_closed_gate_leaves_the_bias_of_the_output),
        Property(a_gate_a_head_is_equal_gates_of_its_channels),
        Property(doubling_the_values_doubles_what_passes),
        Property(the_gates_of_other_tokens_do_not_matter),
        Property(where_the_gate_is_open_or_closed_it_has_no_gradient),
        *gradient_properties.CAUSAL,
    ),
    rejections=(
        *rejected(PATH, UNEVEN_HEADS, UNEVEN_GROUPS, num_kv_heads=1),
        Rejection(
            *(ValueError, "gate must be 'channel' or 'head', got 'token'"),
            {**RIGHT, "gate": "token"},
        ),
    ),
    oracles=(
        Oracle("transformers’ Qwen3-Next", qwen3_next, CASES.filter(is_not_empty)),
    ),
    on_text=attention_on_text(PATH, num_kv_heads=2),
    examples=examples,
    probes=probes,
    typed=attention_typed(PATH, d_out=4, num_kv_heads=1),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestGatedAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
