"""What the variants of latent attention share: cases, converters, properties."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn
from transformers import DeepseekV3Config
from transformers.models.deepseek_v3 import modeling_deepseek_v3

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import n_heads
from parity_tests.attention.changes import (
    scaled,
    with_config,
    with_parameters,
)
from parity_tests.attention.kernels import causal_mask
from parity_tests.attention.positioned import (
    THETAS,
    exact_angles,
    moved_by_eleven,
    positioned_rejected,
)
from parity_tests.attention.rejections import rejected
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.oracles.float64 import in_float64
from parity_tests.positions.rotary_cases import places_of, plain

SMALL = {  # all different, so that a swapped axis shows
    "d_out": 5,
    "num_heads": 2,
    "query_rank": 6,
    "latent_rank": 7,
    "head_dim": 3,
    "rotary_dim": 4,
    "value_dim": 8,
    "theta": 100.0,
    "frequencies": None,
    "score_factor": 1.0,
    "eps": 1e-6,
}
PROBED = {**SMALL, "d_in": 5, "num_heads": 6, "score_factor": 1.5}
BOTH_RANKS = ("W_query_down", "W_latent")
GAINS = ("query_norm.weight", "latent_norm.weight")


@st.composite
def latent_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw sizes that differ more often than not, and factors as YaRN has them."""
    rotary_dim = draw(st.sampled_from((2, 4, 6)))
    own = tuple(draw(st.sampled_from((1.0, 0.3, 0.0, 1e-4))) for _ in range(3))
    return {
        "d_in": draw(st.integers(1, 6)),
        "d_out": draw(st.integers(1, 6)),
        "num_heads": draw(n_heads),
        "query_rank": draw(st.integers(1, 5)),
        "latent_rank": draw(st.integers(1, 5)),
        "head_dim": draw(st.integers(1, 5)),
        "rotary_dim": rotary_dim,
        "value_dim": draw(st.integers(1, 5)),
        "theta": draw(st.sampled_from(THETAS)),
        "frequencies": draw(st.sampled_from((None, None, own[: rotary_dim // 2]))),
        "score_factor": draw(st.sampled_from((1.0, 1.0, 1.874, 0.5))),
        "eps": draw(st.sampled_from((1e-6, 1e-5, 1e-2))),
    }


@st.composite
def with_large_gains(draw: st.DrawFn, cases: st.SearchStrategy[Case]) -> Case:
    """Let gains be large now and then, so that an exponential may overflow."""
    case, factor = draw(cases), draw(st.sampled_from((1.0, 1.0, 5.0, 30.0, 1e3)))
    return with_parameters(case, {n: factor * case.parameters[n] for n in GAINS})


def linear(case: Case, name: str, x: torch.Tensor) -> torch.Tensor:
    """Project by one of the layers."""
    return F.linear(x, torch.from_numpy(case.parameters[f"{name}.weight"]))


def normed(case: Case, name: str, x: torch.Tensor) -> torch.Tensor:
    """Run RMSNorm, a pair of its own."""
    gain = case.parameters[f"{name}.weight"]
    sizes = {"dim": len(gain), "eps": case.config["eps"]}
    return by_torch(
        "norms/rms_norm", Case(sizes, {"x": x.detach().numpy()}, {"weight": gain})
    ).detach()


def turned(case: Case, x: torch.Tensor) -> torch.Tensor:
    """Run rotation, a pair of its own."""
    config = {name: case.config[name] for name in ("theta", "frequencies")}
    config = plain(case.config["rotary_dim"], pairing="neighbours", **config)
    places = places_of(case)[..., None, :]
    return by_torch(
        "positions/rotary", Case(config, {"x": x.numpy(), "positions": places})
    )


def heads_of(case: Case, x: torch.Tensor) -> torch.Tensor:
    """Split channels into heads."""
    return x.unflatten(-1, (case.config["num_heads"], -1)).transpose(-3, -2)


def scale_of(case: Case) -> float:
    """Return what scores are multiplied by."""
    config = case.config
    width = config["head_dim"] + config["rotary_dim"]
    factor: float = config["score_factor"]
    return factor / math.sqrt(width)


def in_turn(case: Case, mask: Array | None = None) -> torch.Tensor:
    """Run norms, rotation and scaled dot-product attention, pairs of their own."""
    x = torch.from_numpy(case.inputs["x"])
    query_latent = normed(case, "query_norm", linear(case, "W_query_down", x))
    latent = normed(case, "latent_norm", linear(case, "W_latent", x))
    shared_key = turned(case, linear(case, "W_key_rotary", x).unsqueeze(-3))
    queries, to_turn = (
        heads_of(case, linear(case, name, query_latent))
        for name in ("W_query", "W_query_rotary")
    )
    keys, values = (
        heads_of(case, linear(case, name, latent)) for name in ("W_key", "W_value")
    )
    of_heads = shared_key.expand(*keys.shape[:-1], -1)
    inputs = {
        "queries": torch.cat([queries, turned(case, to_turn)], dim=-1).numpy(),
        "keys": torch.cat([keys, of_heads], dim=-1).numpy(),
        "values": values.numpy(),
        "mask": causal_mask(x.shape[-2], x.shape[-2]) if mask is None else mask,
    }
    plain_case = Case({"scale": scale_of(case)}, inputs)
    context = by_torch("attention/scaled_dot_product", plain_case)
    joined = context.transpose(-3, -2).flatten(-2)
    bias = torch.from_numpy(case.parameters["out_proj.bias"])
    return linear(case, "out_proj", joined) + bias


def it_is_norms_rotation_and_attention_in_turn(
    run: OneBackend, case: Case
) -> Agreement:
    """Keys are made of latents, each with the rotated key of all heads beside it."""
    return compare(in_turn(case), run(case), run.rounding(case))


def of_multi_head(case: Case) -> tuple[Case, Case]:
    """Make latent attention of full rank, and multi-head attention of the normed text.

    On cases of multi-head attention. The maps to both latents are the identity, and the
    rotated key is zero: what is left of latent attention is its norms.
    """
    heads, width = case.config["num_heads"], case.config["d_in"]
    head_dim, seed = case.config["d_out"] // heads, case.stream("rotated queries")
    config = {
        **SMALL,
        "d_in": width,
        "d_out": case.config["d_out"],
        "num_heads": heads,
        "query_rank": width,
        "latent_rank": width,
        "head_dim": head_dim,
        "value_dim": head_dim,
        "score_factor": math.sqrt((head_dim + 4) / head_dim),
    }
    ours = {
        **case.parameters,
        **{f"{name}.weight": np.eye(width) for name in BOTH_RANKS},
        **dict.fromkeys(GAINS, np.ones(width)),
        "W_query_rotary.weight": seed.normal(size=(heads * 4, width)),
        "W_key_rotary.weight": np.zeros((4, width)),
    }
    ours = {
        name: np.asarray(array, case.dtype)
        for name, array in ours.items()
        if name == "out_proj.bias" or not name.endswith(".bias")
    }
    inputs = {"x": case.inputs["x"], "positions": None}
    latent = Case(config, inputs, ours, seed=case.seed)
    x = normed(latent, "latent_norm", torch.from_numpy(case.inputs["x"])).numpy()
    sizes = {**case.config, "dropout": 0.0, "qkv_bias": False}
    theirs = {n: a for n, a in case.parameters.items() if n in ours}
    return latent, Case(sizes, {"x": x}, theirs, seed=case.seed)


def of_full_rank_it_is_multi_head_attention_of_the_normed_text(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of multi-head attention: nothing is compressed, and nothing turns."""
    latent, whole = of_multi_head(case)
    expected = by_torch("attention/multi_head", whole)
    return compare(expected, run(latent), 2 * run.rounding(latent))


def the_gain_of_the_latent_may_be_that_of_keys_and_values(
    run: OneBackend, case: Case
) -> Agreement:
    """Twice the gain is as twice the maps to keys and to values, to the last bit."""
    gain = scaled(case, "latent_norm", 2.0)
    maps = scaled(scaled(case, "W_key.", 2.0), "W_value", 2.0)
    return compare(run(gain), run(maps))


def doubling_both_compressions_and_quadrupling_eps_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """The norms divide the length of latents out, but for eps; a key has no norm."""
    twice = scaled(scaled(case, "W_query_down", 2.0), "W_latent", 2.0)
    twice = with_config(twice, eps=4 * case.config["eps"])
    return compare(run(case), run(twice), run.rounding(case))


def a_score_factor_is_a_factor_of_both_parts_of_queries(
    run: OneBackend, case: Case
) -> Agreement:
    """It multiplies whole scores, at position 0 as anywhere."""
    factor = 2 * case.config["score_factor"]
    queries = scaled(scaled(case, "W_query.", 2.0), "W_query_rotary", 2.0)
    sharper = with_config(case, score_factor=factor)
    return compare(run(sharper), run(queries), run.rounding(queries))


def where_all_positions_are_equal_nothing_has_turned(
    run: Implementation, case: Case
) -> Agreement:
    """A query and a key that turn together score as they did."""
    zeros = np.zeros(case.inputs["x"].shape[-2], int)
    still, turning = (case.with_inputs(positions=zeros + p) for p in (0, 5))
    unit = run.rounding(still) + run.rounding(turning)
    return compare(run(still), run(turning), unit)


def moving_all_tokens_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """A score depends on the distance of two tokens."""
    case = with_config(case, frequencies=None)
    return moved_by_eleven(run, exact_angles(case, case.config["rotary_dim"] // 2))


def without_rotated_queries_there_is_no_position(
    run: OneBackend, case: Case
) -> Agreement:
    """The content alone does not know where a token is."""
    weight = case.parameters["W_query_rotary.weight"]
    case = with_parameters(case, {"W_query_rotary.weight": np.zeros_like(weight)})
    anywhere = case.with_inputs(positions=places_of(case)[..., ::-1].copy())
    return compare(run(case), run(anywhere), run.rounding(case))


OF_LATENTS = (
    Property(it_is_norms_rotation_and_attention_in_turn),
    Property(the_gain_of_the_latent_may_be_that_of_keys_and_values),
    Property(doubling_both_compressions_and_quadrupling_eps_changes_nothing),
    Property(a_score_factor_is_a_factor_of_both_parts_of_queries),
    Property(where_all_positions_are_equal_nothing_has_turned, for_all=True),
    Property(moving_all_tokens_changes_nothing),
    Property(without_rotated_queries_there_is_no_position),
)


def to_deepseek(case: Case) -> dict[str, torch.Tensor]:
    """Convert parameters to those of transformers' DeepSeek-V3, which packs several."""
    state, heads = case.parameters, case.config["num_heads"]

    def by_head(*names: str) -> Array:
        parts = [state[f"{n}.weight"].reshape(heads, -1, rank(n)) for n in names]
        return np.concatenate(parts, axis=1).reshape(-1, rank(names[0]))

    def rank(name: str) -> int:
        return int(state[f"{name}.weight"].shape[-1])

    both = [state["W_latent.weight"], state["W_key_rotary.weight"]]
    packed = {
        "q_a_proj": state["W_query_down.weight"],
        "q_a_layernorm": state["query_norm.weight"],
        "q_b_proj": by_head("W_query", "W_query_rotary"),
        "kv_a_proj_with_mqa": np.concatenate(both),
        "kv_a_layernorm": state["latent_norm.weight"],
        "kv_b_proj": by_head("W_key", "W_value"),
        "o_proj": state["out_proj.weight"],
    }
    found = {f"{name}.weight": torch.from_numpy(a) for name, a in packed.items()}
    return found | {"o_proj.bias": torch.from_numpy(state["out_proj.bias"])}


def deepseek_config(case: Case, config_class: Any, **more: Any) -> Any:
    """Translate the sizes of a case."""
    config = case.config
    return config_class(
        hidden_size=config["d_in"],
        num_attention_heads=config["num_heads"],
        num_key_value_heads=config["num_heads"],
        q_lora_rank=config["query_rank"],
        kv_lora_rank=config["latent_rank"],
        qk_nope_head_dim=config["head_dim"],
        qk_rope_head_dim=config["rotary_dim"],
        v_head_dim=config["value_dim"],
        rope_parameters={"rope_type": "default", "rope_theta": config["theta"]},
        attn_implementation="eager",
        **more,
    )


def run_deepseek(case: Case, attention: Any, module: Any, state: Any) -> torch.Tensor:
    """Run an attention of transformers, with the frequencies and factors of a case."""
    config, x = case.config, torch.from_numpy(case.inputs["x"])
    width = config["num_heads"] * config["value_dim"]
    attention.o_proj = nn.Linear(width, config["d_out"])  # it has no bias
    attention.to(x.dtype).load_state_dict(state)
    attention.scaling = scale_of(case)
    for norm in (attention.q_a_layernorm, attention.kv_a_layernorm):
        norm.variance_epsilon = config["eps"]  # it is 1e-6, whatever the config says
    batch = x.reshape(x.shape[:-2].numel(), *x.shape[-2:])
    places = np.broadcast_to(places_of(case), x.shape[:-1]).copy()
    angles = torch.from_numpy(places).reshape(batch.shape[:-1])[..., None] * powers(
        case
    )
    both = torch.cat([angles, angles], dim=-1)
    tables = both.cos().to(x.dtype), both.sin().to(x.dtype)
    hidden = torch.full((x.shape[-2], x.shape[-2]), -torch.inf, dtype=x.dtype).triu(1)
    mask = hidden.expand(len(batch), 1, -1, -1)
    with in_float64(module):
        output: torch.Tensor = attention(batch, tables, mask)[0]
    return output.reshape(*x.shape[:-1], config["d_out"])


def powers(case: Case) -> torch.Tensor:
    """Return the frequencies of a case."""
    width, theta = case.config["rotary_dim"], case.config["theta"]
    usual = [theta ** (-2 * i / width) for i in range(width // 2)]
    given = case.config["frequencies"]
    return torch.tensor(usual if given is None else given, dtype=torch.float64)


def deepseek(case: Case) -> torch.Tensor:
    """Run the attention of transformers' DeepSeek-V3."""
    theirs = deepseek_config(case, DeepseekV3Config)
    attention = modeling_deepseek_v3.DeepseekV3Attention(theirs, layer_idx=0)
    return run_deepseek(case, attention, modeling_deepseek_v3, to_deepseek(case))


def latent_rejected(path: str, **own: Any) -> tuple[Rejection, ...]:
    """List what latent attention rejects; a variant has arguments of its `own`."""
    right = {**SMALL, **own, "d_in": 3}

    def rejection(
        text: str, error: type[Exception] = ValueError, **changes: Any
    ) -> Any:
        return Rejection(error, text, {**right, **changes})

    return (
        *rejected(path, **SMALL, **own),
        *positioned_rejected(**right),
        rejection("query_rank must be at least 1, got 0", query_rank=0),
        rejection(
            "latent_rank must be an integer, got 2.0", TypeError, latent_rank=2.0
        ),
        rejection("head_dim must be at least 1, got 0", head_dim=0),
        rejection("value_dim must be at least 1, got -1", value_dim=-1),
        rejection("rotary_dim must be at least 1, got 0", rotary_dim=0),
        rejection("rotary_dim must be even, in 0 to head_dim = 3, got 3", rotary_dim=3),
        rejection("theta must be finite and above 0, got -1.0", theta=-1.0),
        rejection("eps must be finite, 0 or more, got -1.0", eps=-1.0),
        rejection("score_factor must be finite and above 0, got 0", score_factor=0),
        rejection("there must be 2 frequencies, one a pair, got 1", frequencies=(1.0,)),
    )
