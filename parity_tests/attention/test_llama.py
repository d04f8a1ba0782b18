"""Llama's attention: its properties, oracles and bridges."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from transformers import DynamicCache, LlamaConfig
from transformers.models.llama import modeling_llama

import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.caches import (
    PROPERTIES,
    CachedPair,
    cached_cases,
    cached_examples,
    cached_probes,
    has_tokens,
    head_dim_of,
    rejected_of_caches,
)
from parity_tests.attention.changes import with_config, with_parameters
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import parameters_of
from parity_tests.oracles.float64 import in_float64
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "attention/llama"
SMALL = {"emb_dim": 4, "num_heads": 2, "num_kv_heads": 1}
PROBED = {"emb_dim": 24, "num_heads": 6, "num_kv_heads": 3}
ROTATED = ("W_query.weight", "W_key.weight")


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads of an even width, in groups, and how they turn."""
    groups, group_size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {
        "emb_dim": groups * group_size * draw(st.sampled_from((2, 4, 6))),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "theta": draw(st.sampled_from((10_000.0, 100_000.0, 100.0, 2.0))),
        "pairing": draw(st.sampled_from(("halves", "neighbours"))),
    }


def neighbours_from_halves(case: Case, name: str) -> Array:
    """Reorder the rows of a projection: channel i and i + D/2 become 2i and 2i + 1."""
    weight, half = case.parameters[name], head_dim_of(dict(case.config)) // 2
    by_head = weight.reshape(-1, 2, half, weight.shape[-1])
    return by_head.swapaxes(1, 2).reshape(weight.shape)


def a_permutation_of_rows_takes_one_pairing_to_the_other(
    run: OneBackend, case: Case
) -> Agreement:
    """So the parameters of a GGUF file and those of Hugging Face are one model's."""
    case = with_config(without_a_past(case), pairing="halves")
    moved = {name: neighbours_from_halves(case, name) for name in ROTATED}
    other = with_config(with_parameters(case, moved), pairing="neighbours")
    return compare(run(case), run(other), run.rounding(case))


def without_a_past(case: Case) -> Case:
    """Let the cache be empty."""
    inputs = case.inputs
    nothing = {n: inputs[n][:, :, :0] for n in ("past_keys", "past_values")}
    return case.with_inputs(**nothing, lengths=0 * inputs["lengths"])


def a_token_alone_is_its_own_value(run: OneBackend, case: Case) -> Agreement:
    """A text of one token has one thing to attend to, whichever way it turns."""
    case = without_a_past(case)
    case = case.with_inputs(x=case.inputs["x"][:, :1])
    config = {
        "d_in": case.config["emb_dim"],
        "d_out": case.config["emb_dim"],
        "num_heads": case.config["num_heads"],
        "num_kv_heads": case.config["num_kv_heads"],
        "qkv_bias": False,
    }
    zeros = np.zeros(case.config["emb_dim"], case.dtype)
    parameters = {**case.parameters, "out_proj.bias": zeros}
    plain = Case(config, {"x": case.inputs["x"]}, parameters)
    expected = by_torch("attention/grouped_query", plain)
    return compare(expected, run(case), run.rounding(case))


def turned(
    vectors: torch.Tensor, first: int, config: Mapping[str, Any]
) -> torch.Tensor:
    """Turn (…, T, D) by multiplying complex numbers, from position `first` on."""
    width = vectors.shape[-1]
    powers = torch.arange(0, width, 2, dtype=torch.float64) / width
    places = first + torch.arange(vectors.shape[-2], dtype=torch.float64)
    angles = torch.outer(places, config["theta"] ** -powers)
    if config["pairing"] == "halves":
        vectors = vectors.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
    pairs = torch.view_as_complex(vectors.double().unflatten(-1, (-1, 2)).contiguous())
    rotated = torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles))
    if config["pairing"] == "halves":
        rotated = rotated.transpose(-1, -2)
    return rotated.flatten(-2).to(vectors.dtype)


def text_by_text(case: Case) -> torch.Tensor:
    """Turn by complex numbers, and let PyTorch attend, one text at a time."""
    config, inputs = case.config, case.inputs
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    width, outputs = head_dim_of(dict(config)), []
    for text, length in enumerate(inputs["lengths"].tolist()):
        x = torch.from_numpy(inputs["x"][text])
        queries, keys, values = (
            F.linear(x, state[f"{name}.weight"])
            .unflatten(-1, (-1, width))
            .swapaxes(0, 1)
            for name in ("W_query", "W_key", "W_value")
        )
        past = [torch.from_numpy(inputs[f"past_{n}"]) for n in ("keys", "values")]
        context = F.scaled_dot_product_attention(
            turned(queries, length, config)[None],
            torch.cat([past[0][text, :, :length], turned(keys, length, config)], 1)[
                None
            ],
            torch.cat([past[1][text, :, :length], values], dim=1)[None],
            attn_mask=torch.ones(len(x), length + len(x)).tril(length).bool(),
            enable_gqa=True,
        )[0]
        outputs.append(
            F.linear(context.swapaxes(0, 1).flatten(-2), state["out_proj.weight"])
        )
    return torch.stack(outputs) if outputs else torch.from_numpy(inputs["x"])


NAMES = {
    "W_query": "q_proj",
    "W_key": "k_proj",
    "W_value": "v_proj",
    "out_proj": "o_proj",
}


def transformers_llama(case: Case) -> torch.Tensor:
    """Run the attention of transformers' Llama, with its own rotation and cache."""
    config, inputs = case.config, case.inputs
    x, n_before = torch.from_numpy(inputs["x"]), inputs["past_keys"].shape[2]
    theirs = LlamaConfig(
        hidden_size=config["emb_dim"],
        num_attention_heads=config["num_heads"],
        num_key_value_heads=config["num_kv_heads"],
        rope_parameters={"rope_type": "default", "rope_theta": config["theta"]},
        attn_implementation="eager",
    )
    attention = modeling_llama.LlamaAttention(theirs, layer_idx=0).to(x.dtype)
    attention.load_state_dict(
        {
            f"{NAMES[name.removesuffix('.weight')]}.weight": torch.from_numpy(array)
            for name, array in case.parameters.items()
        }
    )
    cache = DynamicCache()
    past = (torch.from_numpy(inputs[f"past_{name}"]) for name in ("keys", "values"))
    cache.update(*past, layer_idx=0)
    n_tokens, width = x.shape[1], head_dim_of(dict(config))
    hidden = torch.full((n_tokens, n_before + n_tokens), -torch.inf, dtype=x.dtype)
    places = n_before + torch.arange(n_tokens).expand(x.shape[:-1])
    powers = [config["theta"] ** (-2 * i / width) for i in range(width // 2)]
    with in_float64(modeling_llama):
        rotary = modeling_llama.LlamaRotaryEmbedding(theirs)
        rotary.inv_freq = torch.tensor(powers, dtype=torch.float64)
        tables = rotary(x, places)
        mask = hidden.triu(n_before + 1)[None, None]
        output: torch.Tensor = attention(x, tables, mask, past_key_values=cache)[0]
    return output


def is_huggingface_layout(case: Case) -> bool:
    """Whether there is a new token, and pairs are halves."""
    return has_tokens(case) and case.config["pairing"] == "halves"


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Let the second half of every window go on from the first, in the cache."""
    ids = windows(text)
    x = embedding(seed)(ids)
    sizes = {"emb_dim": x.shape[-1], "num_heads": 4, "num_kv_heads": 2}
    config = {**sizes, "theta": 10_000.0, "pairing": "halves"}
    drawn = parameters_of(PATH, config, seed, np.float64)
    parameters = {name: array / 8 for name, array in drawn.items()}
    past, new = np.array_split(x, 2, axis=1)
    heads = {}
    for name, own in (("past_keys", "W_key"), ("past_values", "W_value")):
        projected = past @ parameters[f"{own}.weight"].T
        heads[name] = projected.reshape(*past.shape[:2], 2, -1).swapaxes(1, 2)
    turning = turned(torch.from_numpy(heads["past_keys"]), 0, config)
    lengths = past.shape[1] - np.arange(len(x)) % 5
    inputs = {"x": new, **heads, "past_keys": turning.numpy(), "lengths": lengths}
    case = Case(config, inputs, parameters, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


PAIR = CachedPair(
    path=PATH,
    cases=cached_cases(PATH, configurations()),
    properties=(
        *PROPERTIES,
        Property(a_permutation_of_rows_takes_one_pairing_to_the_other),
        Property(a_token_alone_is_its_own_value),
    ),
    rejections=(
        *rejected_of_caches(SMALL),
        Rejection(
            ValueError,
            "rotary_dim must be even, in 0 to head_dim = 3, got 3",
            {**SMALL, "emb_dim": 6},
        ),
        Rejection(
            ValueError,
            "pairing must be 'halves' or 'neighbours', got 'thirds'",
            {**SMALL, "pairing": "thirds"},
        ),
    ),
    oracles=(
        Oracle("complex numbers, and scaled_dot_product_attention", text_by_text),
        Oracle(
            "transformers’ Llama",
            transformers_llama,
            cached_cases(PATH, configurations(), even=True).filter(
                is_huggingface_layout
            ),
        ),
    ),
    on_text=on_text,
    examples=partial(cached_examples, PATH, SMALL),
    probes=partial(cached_probes, PATH, PROBED),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal"}),
)


class TestLlamaAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_it_compiles_whole_with_a_cache_and_is_exported_without(self):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        attention, x = torch_impl.LlamaAttention(12, 6, 3), torch.randn(2, 4, 12)
        whole = torch.compile(attention, fullgraph=True, backend="eager")
        plain, compiled = (attention.make_cache(2, capacity=9) for _ in range(2))
        exported = torch.export.export(attention, (x,)).module()

        with torch.no_grad():
            assert torch.equal(attention(x), exported(x))
            for chunk in (x, x[:, :1], x[:, :2]):
                assert torch.equal(attention(chunk, plain), whole(chunk, compiled))
