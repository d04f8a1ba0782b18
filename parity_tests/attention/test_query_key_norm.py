"""Attention with query-key norm: its properties, rejections, oracles and bridges."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn
from transformers import Qwen3Config
from transformers.models.qwen3 import modeling_qwen3

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import scaled, with_config, with_parameters
from parity_tests.attention.kernels import causal_mask
from parity_tests.attention.positioned import (
    THETAS,
    exact_angles,
    moved_by_eleven,
    of_positions,
    positioned_cases,
    positioned_examples,
    positioned_probes,
    positioned_rejected,
)
from parity_tests.attention.rejections import UNEVEN_GROUPS, UNEVEN_HEADS, rejected
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.oracles.float64 import in_float64
from parity_tests.positions.rotary_cases import places_of, plain

PATH = "attention/query_key_norm"
GAINS = ("query_norm.weight", "key_norm.weight")


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads of an even width, in groups, and eps as it is in use, and large."""
    groups, group_size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {
        "d_in": draw(st.integers(1, 6)),
        "d_out": groups * group_size * draw(st.sampled_from((2, 4, 4, 6))),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "theta": draw(st.sampled_from(THETAS)),
        "eps": draw(st.sampled_from((1e-6, 1e-5, 1e-2))),
        "qkv_bias": draw(st.booleans()),
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw positions and gains: large ones make scores that overflow an exponential."""
    case = draw(positioned_cases(PATH, configurations()))
    factor = draw(st.sampled_from((1.0, 1.0, 5.0, 30.0, 1e3)))
    return with_parameters(case, {n: factor * case.parameters[n] for n in GAINS})


CASES = cases()


def head_dim_of(case: Case) -> int:
    """Return how many channels a head has."""
    width: int = case.config["d_out"] // case.config["num_heads"]
    return width


def with_gain_of_one(case: Case) -> Case:
    """Let the norms scale nothing."""
    return with_parameters(case, dict.fromkeys(GAINS, np.ones(head_dim_of(case))))


def with_gain_of_pairs(case: Case) -> Case:
    """Give both channels that turn together the gain of the first."""
    half = head_dim_of(case) // 2
    gains = {n: np.tile(case.parameters[n][:half], 2) for n in GAINS}
    return with_parameters(case, gains)


def in_turn(case: Case, norm_first: bool = True) -> torch.Tensor:
    """Run RMSNorm, rotation and scaled dot-product attention, pairs of their own."""
    config, width = case.config, head_dim_of(case)
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    x, positions = torch.from_numpy(case.inputs["x"]), places_of(case)[..., None, :]
    heads = {
        name: F.linear(x, state[f"W_{name}.weight"], state.get(f"W_{name}.bias"))
        .unflatten(-1, (-1, width))
        .transpose(-3, -2)
        .numpy()
        for name in ("query", "key", "value")
    }
    order = (normed, turned) if norm_first else (turned, normed)
    for name in ("query", "key"):
        for step in order:
            gain = case.parameters[f"{name}_norm.weight"]
            heads[name] = step(heads[name], gain, positions, config)
    size, n_tokens = config["num_heads"] // config["num_kv_heads"], x.shape[-2]
    inputs = {
        "queries": heads["query"],
        "keys": heads["key"].repeat(size, axis=-3),
        "values": heads["value"].repeat(size, axis=-3),
        "mask": causal_mask(n_tokens, n_tokens),
    }
    attended = by_torch("attention/scaled_dot_product", Case({"scale": None}, inputs))
    context = attended.transpose(-3, -2).flatten(-2)
    return F.linear(context, state["out_proj.weight"], state["out_proj.bias"])


def normed(heads: Array, gain: Array, _: Array, config: Any) -> Array:
    """Normalize every vector of every head."""
    sizes = {"dim": len(gain), "eps": config["eps"]}
    case = Case(sizes, {"x": heads}, {"weight": gain})
    return by_torch("norms/rms_norm", case).detach().numpy()


def turned(heads: Array, gain: Array, positions: Array, config: Any) -> Array:
    """Turn every vector of every head."""
    inputs = {"x": heads, "positions": positions}
    return by_torch(
        "positions/rotary", Case(plain(len(gain), theta=config["theta"]), inputs)
    ).numpy()


def it_is_norm_rotation_and_attention_in_turn(run: OneBackend, case: Case) -> Agreement:
    """Each is a pair of its own."""
    return compare(in_turn(case), run(case), run.rounding(case))


def where_channels_of_a_pair_share_a_gain_the_norm_may_come_last(
    run: OneBackend, case: Case
) -> Agreement:
    """A rotation changes no length, and equal gains of a pair turn with it."""
    case = with_gain_of_pairs(case)
    return compare(in_turn(case, norm_first=False), run(case), run.rounding(case))


def no_normed_query_or_key_is_longer_than_its_width(
    run: OneBackend, case: Case
) -> Agreement:
    """Without a gain the squares of D channels sum to D at most."""
    case, width = with_gain_of_one(case), head_dim_of(case)
    names = ("normed_queries", "normed_keys", "rotated_queries", "rotated_keys")
    squares = [np.square(run.quantity(n, case)).sum(axis=-1) for n in names]
    units = [2 * width * run.rounding(case, name) for name in names]
    return compare([s.clip(max=width) for s in squares], squares, units)


def doubling_queries_and_keys_and_quadrupling_eps_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """The norm divides the length out, but for what eps is beside it."""
    twice = scaled(scaled(case, "W_query", 2.0), "W_key", 2.0)
    twice = with_config(twice, eps=4 * case.config["eps"])
    return compare(run(case), run(twice), run.rounding(case))


def doubling_the_gain_of_queries_and_halving_that_of_keys_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Scores have the product of both gains, to the last bit."""
    traded = scaled(scaled(case, "query_norm", 2.0), "key_norm", 0.5)
    return compare(run(case), run(traded))


def moving_all_tokens_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """A score depends on the distance of two tokens."""
    return moved_by_eleven(run, exact_angles(case, head_dim_of(case) // 2))


def the_gradient_of_a_query_projection_is_across_it(
    run: OneBackend, case: Case
) -> Agreement:
    """Where eps is zero a longer query is no other: along itself nothing changes."""
    x = case.inputs["x"]
    if x.shape[-1] < 2:
        return compare(0, 0)
    normal = case.stream("no query is zero").normal(size=x.shape)
    case = with_config(case.with_inputs(x=normal.astype(case.dtype)), eps=0.0)
    name, heads = "W_query.weight", case.config["num_heads"]
    gradient, weight = run.gradients(case)[name], case.parameters[name]
    along = (gradient * weight).reshape(heads, -1).sum(axis=-1)
    if "W_query.bias" in case.parameters:
        bias = run.gradients(case)["W_query.bias"] * case.parameters["W_query.bias"]
        along = along + bias.reshape(heads, -1).sum(axis=-1)
    size = np.abs(weight).max(initial=0) * weight.size * 2
    unit = float(size * run.gradient_rounding(case, name))
    return compare(np.zeros_like(along), along, unit)


NAMES = {"W_query": "q_proj", "W_key": "k_proj", "W_value": "v_proj"} | {
    "query_norm": "q_norm",
    "key_norm": "k_norm",
    "out_proj": "o_proj",
}


def to_qwen3(case: Case) -> dict[str, torch.Tensor]:
    """Convert parameters to those of transformers' Qwen3."""
    parts = {name: name.split(".") for name in case.parameters}
    return {
        f"{NAMES[parts[name][0]]}.{parts[name][1]}": torch.from_numpy(array)
        for name, array in case.parameters.items()
    }


def qwen3(case: Case) -> torch.Tensor:
    """Run the attention of transformers' Qwen3, its rotation included."""
    config, x = case.config, torch.from_numpy(case.inputs["x"])
    theirs = Qwen3Config(
        hidden_size=config["d_in"],
        num_attention_heads=config["num_heads"],
        num_key_value_heads=config["num_kv_heads"],
        head_dim=head_dim_of(case),
        rms_norm_eps=config["eps"],
        attention_bias=config["qkv_bias"],
        rope_parameters={"rope_type": "default", "rope_theta": config["theta"]},
        attn_implementation="eager",
    )
    attention = modeling_qwen3.Qwen3Attention(theirs, layer_idx=0)
    attention.o_proj = nn.Linear(config["d_out"], config["d_out"])  # it has no bias
    attention.to(x.dtype).load_state_dict(to_qwen3(case))
    batch = x.reshape(x.shape[:-2].numel(), *x.shape[-2:])
    places = np.broadcast_to(places_of(case), x.shape[:-1]).copy()
    width, theta = head_dim_of(case), config["theta"]
    powers = [theta ** (-2 * i / width) for i in range(width // 2)]
    hidden = torch.full((x.shape[-2], x.shape[-2]), -torch.inf, dtype=x.dtype).triu(1)
    with in_float64(modeling_qwen3):
        rotary = modeling_qwen3.Qwen3RotaryEmbedding(theirs)
        rotary.inv_freq = torch.tensor(powers, dtype=torch.float64)
        tables = rotary(batch, torch.from_numpy(places).reshape(batch.shape[:-1]))
        output: torch.Tensor = attention(batch, tables, hidden[None, None])[0]
    return output.reshape(*x.shape[:-1], config["d_out"])


def rejection(text: str, **changes: Any) -> Rejection:
    """Make a rejection of an argument."""
    return Rejection(ValueError, text, {**RIGHT, **changes})


RIGHT = {"d_in": 3, "d_out": 4, "num_heads": 2, "num_kv_heads": 1}
SMALL = {"d_out": 8, "num_heads": 2, "num_kv_heads": 1, "theta": 100.0, "eps": 1e-6}
PROBED = {"d_in": 5, "d_out": 24, "num_heads": 6, "num_kv_heads": 3}
PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        *of_positions(CASES),
        Property(it_is_norm_rotation_and_attention_in_turn),
        Property(where_channels_of_a_pair_share_a_gain_the_norm_may_come_last),
        Property(no_normed_query_or_key_is_longer_than_its_width),
        Property(doubling_queries_and_keys_and_quadrupling_eps_changes_nothing),
        Property(doubling_the_gain_of_queries_and_halving_that_of_keys_changes_nothing),
        Property(moving_all_tokens_changes_nothing),
        Property(the_gradient_of_a_query_projection_is_across_it),
    ),
    rejections=(
        *rejected(PATH, UNEVEN_HEADS, UNEVEN_GROUPS, num_kv_heads=1),
        *positioned_rejected(**RIGHT),
        rejection("rotary_dim must be even, in 0 to head_dim = 3, got 3", d_out=6),
        rejection("theta must be finite and above 0, got 0", theta=0),
        rejection("eps must be finite, 0 or more, got -1.0", eps=-1.0),
    ),
    oracles=(Oracle("transformers’ Qwen3", qwen3, CASES.filter(is_not_empty)),),
    on_text=attention_on_text(PATH, num_kv_heads=2),
    examples=positioned_examples(PATH, **SMALL),
    probes=positioned_probes(PATH, **PROBED),
    typed=None,  # a rotation does not take every size
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestQueryKeyNormAttention(PairTests):
    """All that is asked of every pair, and that a gain does not commute."""

    pair = PAIR

    def test_with_a_gain_the_norm_may_not_come_after_the_rotation(self):
        case = next(e.case for e in PAIR.examples(0) if e.name == "behind-others")
        with unchecked():
            before, after = (in_turn(case, norm_first=first) for first in (True, False))

        assert compare(before, after).difference > 0.01
