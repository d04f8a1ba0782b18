"""Transformer block: its properties, rejections and oracles."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2Block

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import (
    in_evaluation,
    in_training,
    with_biases,
    with_parameters,
    with_x,
)
from parity_tests.blocks.shared import block_cases, block_pair, block_rejected
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import is_not_empty
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.oracles.gpt2 import to_gpt2

PATH = "blocks/transformer_block"
ATTENTION, FEED_FORWARD = "attention.out_proj", "feed_forward.down_proj"
PROJECTED = ("query", "key", "value")
SHARP = 100.0  # times which scores are so large that a mask of -10,000 shows


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads of some channels."""
    num_heads = draw(st.integers(1, 3))
    return {
        "emb_dim": num_heads * draw(st.integers(1, 4)),
        "num_heads": num_heads,
        "context_length": draw(st.integers(1, 6)),
        "dropout": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        "qkv_bias": draw(st.booleans()),
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a block; in some, queries and keys are large, which norms do not undo."""
    case = draw(block_cases(PATH, configurations()))
    factor = draw(st.sampled_from((1.0, 1.0, 1.0, SHARP)))
    large = {
        name: factor * array
        for name, array in case.parameters.items()
        if "W_query" in name or "W_key" in name
    }
    return with_parameters(case, large)


def adding_nothing(case: Case, *layers: str) -> Case:
    """Let attention, or feed-forward, give zeros."""
    names = [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]
    return with_parameters(case, {name: 0 * case.parameters[name] for name in names})


def part(path: str, name: str, case: Case, config: Any, x: Any) -> Any:
    """Run one part of the block by itself, on PyTorch."""
    parameters = {
        own.removeprefix(f"{name}."): array
        for own, array in case.parameters.items()
        if own.startswith(f"{name}.")
    }
    return by_torch(path, Case(config, {"x": x}, parameters)).detach().numpy()


def where_nothing_is_added_x_passes_unchanged(run: OneBackend, case: Case) -> Agreement:
    """The shortcuts are not normalized, and not scaled."""
    case = adding_nothing(case, ATTENTION, FEED_FORWARD)
    return compare(case.inputs["x"], run(case))


def where_nothing_is_added_gradients_pass_unchanged(
    run: OneBackend, case: Case
) -> Agreement:
    """So a gradient reaches the first block of many."""
    grad_output = np.cos(np.arange(case.inputs["x"].size)).astype(case.dtype)
    grad_output = grad_output.reshape(case.inputs["x"].shape)
    case = adding_nothing(case, ATTENTION, FEED_FORWARD)
    case = replace(case, grad_output=grad_output)
    return compare(grad_output, run.gradients(case)["x"])


def without_feed_forward_it_is_x_plus_attention_to_the_norm(
    run: OneBackend, case: Case
) -> Agreement:
    """As composed of LayerNorm and MultiHeadAttention."""
    case = in_evaluation(adding_nothing(case, FEED_FORWARD))
    x, config = case.inputs["x"], dict(case.config)
    dim = config.pop("emb_dim")
    normed = part("norms/layer_norm", "norm1", case, {"dim": dim}, x)
    of_attention = {"d_in": dim, "d_out": dim, **config}
    added = part("attention/multi_head", "attention", case, of_attention, normed)
    return compare(x + added, run(case), run.rounding(case))


def without_attention_it_is_x_plus_feed_forward_of_the_norm(
    run: OneBackend, case: Case
) -> Agreement:
    """As composed of LayerNorm and FeedForward."""
    case = in_evaluation(adding_nothing(case, ATTENTION))
    x, dim = case.inputs["x"], case.config["emb_dim"]
    normed = part("norms/layer_norm", "norm2", case, {"dim": dim}, x)
    sizes = {"emb_dim": dim, "hidden_dim": 4 * dim}
    added = part("blocks/feed_forward", "feed_forward", case, sizes, normed)
    return compare(x + added, run(case), run.rounding(case))


def it_is_its_two_halves_one_after_another(run: OneBackend, case: Case) -> Agreement:
    """Feed-forward gets what attention gave, and its shortcut does too."""
    case = in_evaluation(case)
    half = run(adding_nothing(case, FEED_FORWARD))
    second = with_x(adding_nothing(case, ATTENTION), half)
    unit = run.rounding(case) + run.rounding(second)
    return compare(run(second), run(case), unit)


def a_number_added_to_all_channels_of_a_token_is_passed_on(
    run: OneBackend, case: Case
) -> Agreement:
    """The norms take it off, and the shortcuts carry it."""
    case, x = in_evaluation(case), case.inputs["x"]
    more = np.cos(np.arange(x[..., :1].size)).reshape(x[..., :1].shape).astype(x.dtype)
    moved = with_x(case, x + more)
    unit = run.rounding(case) + run.rounding(moved)
    return compare(run(case) + more, run(moved), unit)


def dropping_everything_passes_x_on(run: OneBackend, case: Case) -> Agreement:
    """The shortcuts themselves are never dropped."""
    return compare(case.inputs["x"], run(in_training(case, dropout=1.0)))


def what_dropout_keeps_of_attention_is_doubled(
    run: OneBackend, case: Case
) -> Agreement:
    """With a dropout of one half; on zeros, nothing else is in the sum."""
    case = in_training(with_x(case, 0 * case.inputs["x"]), dropout=0.5)
    attended, found = (run.quantity(n, case) for n in ("attended", "after_attention"))
    return compare(np.where(found == 0, 0, 2 * attended), found)


def gpt2(case: Case) -> torch.Tensor:
    """Run the block of transformers' GPT-2."""
    x = torch.from_numpy(case.inputs["x"])
    n_tokens, emb_dim = x.shape[-2:]
    theirs = GPT2Config(
        n_embd=emb_dim,
        n_head=case.config["num_heads"],
        attn_implementation="eager",
    )
    block = GPT2Block(theirs, layer_idx=0).to(x.dtype).eval()
    block.load_state_dict(to_gpt2(case.parameters))
    hidden = torch.full((n_tokens, n_tokens), -torch.inf, dtype=x.dtype).triu(1)
    batch = x.reshape(x.shape[:-2].numel(), n_tokens, emb_dim)
    return block(batch, attention_mask=hidden[None, None]).reshape(x.shape)


def encoder_layer(case: Case) -> torch.Tensor:
    """Run `nn.TransformerEncoderLayer`: norms first, and a causal mask."""
    x = torch.from_numpy(case.inputs["x"])
    n_tokens, emb_dim = x.shape[-2:]
    layer = nn.TransformerEncoderLayer(
        emb_dim,
        case.config["num_heads"],
        4 * emb_dim,
        activation=partial(F.gelu, approximate="tanh"),
        batch_first=True,
        norm_first=True,
        dtype=x.dtype,
    ).eval()
    names = {
        "norm1": "norm1",
        "norm2": "norm2",
        "attention.out_proj": "self_attn.out_proj",
        "feed_forward.up_proj": "linear1",
        "feed_forward.down_proj": "linear2",
    }
    state = {}
    for kind in ("weight", "bias"):
        for ours, theirs in names.items():
            state[f"{theirs}.{kind}"] = case.parameters[f"{ours}.{kind}"]
        rows = [case.parameters[f"attention.W_{n}.{kind}"] for n in PROJECTED]
        state[f"self_attn.in_proj_{kind}"] = np.concatenate(rows)
    layer.load_state_dict({n: torch.from_numpy(array) for n, array in state.items()})
    batch = x.reshape(x.shape[:-2].numel(), n_tokens, emb_dim)
    hidden = torch.ones(n_tokens, n_tokens, dtype=torch.bool).triu(1)
    return layer(batch, src_mask=hidden).reshape(x.shape)


RIGHT = {"emb_dim": 4, "num_heads": 2, "context_length": 4, "dropout": 0.0}
WITH_BIASES = cases().filter(is_not_empty).map(in_evaluation).map(with_biases)
PAIR = block_pair(
    PATH,
    configurations(),
    cases=cases(),
    properties=(
        *properties.OF_ALL,
        *properties.EARLIER_TOKENS,
        Property(properties.a_longer_context_length_changes_nothing),
        Property(properties.evaluation_ignores_dropout),
        Property(where_nothing_is_added_x_passes_unchanged),
        Property(where_nothing_is_added_gradients_pass_unchanged),
        Property(without_feed_forward_it_is_x_plus_attention_to_the_norm),
        Property(without_attention_it_is_x_plus_feed_forward_of_the_norm),
        Property(it_is_its_two_halves_one_after_another),
        Property(a_number_added_to_all_channels_of_a_token_is_passed_on),
        Property(dropping_everything_passes_x_on),
        Property(what_dropout_keeps_of_attention_is_doubled),
        *gradient_properties.CAUSAL,
    ),
    rejections=block_rejected(
        PATH,
        Rejection(
            *(ValueError, "num_heads must be at least 1, got 0"),
            {**RIGHT, "num_heads": 0},
        ),
        Rejection(
            *(ValueError, "emb_dim must be a multiple of num_heads, got 4 and 3"),
            {**RIGHT, "num_heads": 3},
        ),
        Rejection(
            *(ValueError, "context_length must be at least 1, got 0"),
            {**RIGHT, "context_length": 0},
        ),
        Rejection(
            *(ValueError, "dropout must be in [0, 1], got 1.5"),
            {**RIGHT, "dropout": 1.5},
        ),
        Rejection(
            *(ValueError, "at most context_length = 4 tokens fit, got 5"),
            *(RIGHT, "__call__", np.zeros((5, 4))),
        ),
    ),
    oracles=(
        Oracle("transformers’ GPT2Block", gpt2, WITH_BIASES),
        Oracle("nn.TransformerEncoderLayer", encoder_layer, WITH_BIASES),
    ),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestTransformerBlock(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
