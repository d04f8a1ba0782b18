"""Cached attention: its properties, rejections, oracles and bridges."""

import tracemalloc
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import reference
import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.caches import (
    PROPERTIES,
    CachedPair,
    cached_cases,
    cached_examples,
    cached_probes,
    has_tokens,
    rejected_of_caches,
)
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import in_evaluation
from parity_tests.attention.onnx_oracle import TYPES
from parity_tests.attention.test_grouped_query import configurations
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.strategies import parameters_of
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "attention/cached"
SMALL = {"d_in": 3, "d_out": 4, "num_heads": 2, "num_kv_heads": 1, "qkv_bias": True}
PROBED = {**SMALL, "d_out": 24, "num_heads": 6, "num_kv_heads": 3}


def the_order_of_the_past_does_not_matter(run: Implementation, case: Case) -> Agreement:
    """Without positions in keys, only which tokens are there."""
    keys, values = (case.inputs[name].copy() for name in ("past_keys", "past_values"))
    rng = case.stream("order of the past")
    for text, length in enumerate(case.inputs["lengths"]):
        order = rng.permutation(length)
        for array in (keys, values):
            array[text, :, :length] = array[text, :, order].swapaxes(0, 1)
    moved = case.with_inputs(past_keys=keys, past_values=values)
    return compare(run(case), run(moved), run.rounding(case))


def with_an_empty_cache_it_is_grouped_query_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of grouped-query attention: only the past is new."""
    x = case.inputs["x"]
    x = x.reshape(-1, *x.shape[-2:]) if x.size else x.reshape(0, *x.shape[-2:])
    whole = in_evaluation(case.with_inputs(x=x))
    slots = (len(x), case.config["num_kv_heads"], 0)
    nothing = np.zeros(
        (*slots, case.config["d_out"] // case.config["num_heads"]), case.dtype
    )
    own = whole.with_inputs(
        past_keys=nothing, past_values=nothing, lengths=np.zeros(len(x), np.int64)
    )
    expected = by_torch("attention/grouped_query", whole)
    return compare(expected, run(own), run.rounding(own))


def text_by_text(case: Case) -> torch.Tensor:
    """Put past and new keys of each text in a row, and let PyTorch attend."""
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    x = torch.from_numpy(case.inputs["x"])
    heads = {"W_query": case.config["num_heads"]}
    new = {}
    for name in ("W_query", "W_key", "W_value"):
        projected = F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        split = (heads.get(name, case.config["num_kv_heads"]), -1)
        new[name] = projected.unflatten(-1, split).transpose(1, 2)
    past = [
        torch.from_numpy(case.inputs[f"past_{each}"]) for each in ("keys", "values")
    ]
    contexts = []
    for text, length in enumerate(case.inputs["lengths"].tolist()):
        keys, values = (
            torch.cat([before[text, :, :length], new[name][text]], dim=1)
            for name, before in zip(("W_key", "W_value"), past, strict=True)
        )
        n_tokens = x.shape[1]
        mask = torch.ones(n_tokens, length + n_tokens).tril(length).bool()
        one = F.scaled_dot_product_attention(
            new["W_query"][text : text + 1],
            keys[None],
            values[None],
            attn_mask=mask,
            enable_gqa=True,
        )
        contexts.append(one.transpose(1, 2).flatten(-2))
    width = (0, x.shape[1], case.config["d_out"])
    context = torch.cat(contexts) if contexts else x.new_zeros(width)
    return F.linear(context, state["out_proj.weight"], state["out_proj.bias"])


MODEL = """
<ir_version: 11, opset_import: ["": 24]>
attention ({type}[B, T, E] Q, {type}[B, T, F] K, {type}[B, T, F] V,
           {type}[B, G, P, D] past_key, {type}[B, G, P, D] past_value)
    => ({type}[B, T, E] Y, {type}[B, G, S, D] key, {type}[B, G, S, D] value)
{{
    Y, key, value = Attention <
        is_causal = 1, q_num_heads = {heads}, kv_num_heads = {groups}
    > (Q, K, V, , past_key, past_value)
}}
"""


@cache
def evaluator(type: str, heads: int, groups: int) -> Any:
    """Build ONNX's operator with a past; skip the test without `onnx`."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    text = MODEL.format(type=type, heads=heads, groups=groups)
    return reference.ReferenceEvaluator(onnx.parser.parse_model(text))


def by_onnx(case: Case) -> Array:
    """Let ONNX's Attention append to its past, which is as long in every text."""
    config, p, inputs = case.config, case.parameters, case.inputs

    def project(name: str, x: Array) -> Array:
        projected = x @ p[f"{name}.weight"].T
        return projected + p.get(f"{name}.bias", projected.dtype.type(0))

    names = {"Q": "W_query", "K": "W_key", "V": "W_value"}
    given = {each: project(name, inputs["x"]) for each, name in names.items()}
    past = {"past_key": inputs["past_keys"], "past_value": inputs["past_values"]}
    sizes = config["num_heads"], config["num_kv_heads"]
    context = evaluator(TYPES[case.dtype], *sizes).run(None, given | past)[0]
    return project("out_proj", context)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Let the second half of every window attend to the first, in the cache."""
    ids = windows(text)
    x = embedding(seed)(ids)
    config = {"d_in": x.shape[-1], "d_out": 32, "num_heads": 4, "num_kv_heads": 2}
    parameters = {
        name: array / 8
        for name, array in parameters_of(PATH, config, seed, np.float64).items()
    }
    past, new = np.array_split(x, 2, axis=1)
    cached = {}
    for own, name in (("W_key", "past_keys"), ("W_value", "past_values")):
        projected = past @ parameters[f"{own}.weight"].T
        by_head = projected.reshape(*past.shape[:2], config["num_kv_heads"], -1)
        cached[name] = by_head.swapaxes(1, 2)
    lengths = past.shape[1] - np.arange(len(x)) % 5
    inputs = {"x": new, **cached, "lengths": lengths}
    case = Case(config, inputs, parameters, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


PAIR = CachedPair(
    path=PATH,
    cases=cached_cases(PATH, configurations()),
    properties=(
        *PROPERTIES,
        Property(the_order_of_the_past_does_not_matter, for_all=True),
        Property(
            with_an_empty_cache_it_is_grouped_query_attention,
            attention_cases("attention/grouped_query", configurations()),
        ),
    ),
    rejections=rejected_of_caches(SMALL),
    oracles=(
        Oracle("F.scaled_dot_product_attention, text by text", text_by_text),
        Oracle(
            "ONNX's Attention with a past",
            by_onnx,
            cached_cases(PATH, configurations(), even=True).filter(has_tokens),
        ),
    ),
    on_text=on_text,
    examples=partial(cached_examples, PATH, SMALL),
    probes=partial(cached_probes, PATH, PROBED),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal"}),
)


class TestCachedAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_it_compiles_whole_with_a_cache_and_is_exported_without(self):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        attention, x = torch_impl.CachedAttention(3, 6, 3, 1), torch.randn(2, 4, 3)
        whole = torch.compile(attention, fullgraph=True, backend="eager")
        plain_cache, cache_of_whole = (attention.make_cache(2, 9) for _ in range(2))
        exported = torch.export.export(attention, (x,)).module()

        with torch.no_grad():
            assert torch.equal(attention(x), exported(x))
            for chunk in (x, x[:, :1], x[:, :1], x[:, :2]):
                expected = attention(chunk, plain_cache)
                assert torch.equal(expected, whole(chunk, cache_of_whole))

    def test_under_autocast_a_cache_has_the_dtype_of_the_keys(self):
        attention, x = torch_impl.CachedAttention(3, 6, 3, 1), torch.randn(2, 4, 3)

        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            made = attention.make_cache(2, 9)
            assert made.keys.dtype == torch.bfloat16
            assert attention(x, made).dtype == torch.bfloat16

    def test_reading_copies_nothing(self):
        made = torch_impl.KeyValueCache(2, 1, 8, 3)
        made.append(torch.ones(2, 1, 5, 3), torch.ones(2, 1, 5, 3))
        keys, values = made.read()

        assert keys.data_ptr() == made.keys.data_ptr()
        assert values.data_ptr() == made.values.data_ptr()

    def test_what_a_later_chunk_overwrites_was_saved_for_backward(self):
        attention = reference.CachedAttention(3, 6, 3, 1, rng=np.random.default_rng(1))
        x = np.random.default_rng(2).normal(size=(2, 4, 3))
        gradients = []
        for goes_on in (False, True):
            tape, made = reference.Tape(), attention.make_cache(2, 9)
            output = attention(x, made, tape)
            if goes_on:
                made.truncate(np.array([1, 3]))
                attention(-x, made)
            gradients.append(attention.backward(np.ones_like(output), tape)[0])

        assert np.array_equal(*gradients)

    def test_a_step_copies_nothing_of_the_cache(self):
        attention = reference.CachedAttention(8, 256, 4, 2)
        made = attention.make_cache(batch_size=1, capacity=4096)
        attention(np.ones((1, 4000, 8)), made)
        tracemalloc.start()
        attention(np.ones((1, 1, 8)), made)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < made.keys.nbytes / 2
