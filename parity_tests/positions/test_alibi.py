"""Attention with linear biases: its properties, oracles and bridges."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.models.bloom import modeling_bloom

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.kernels import core_cases, core_examples, core_on_text
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.oracles.float64 import in_float64
from parity_tests.positions.distances import (
    HEADS,
    OF_DISTANCES,
    attended,
    distance_probes,
    distance_rejected,
    distances,
    mask_of,
)
from reference.positions import alibi as reference_alibi
from torch_impl.positions import alibi as torch_alibi

PATH = "positions/alibi"
CASES = core_cases(
    PATH,
    st.fixed_dictionaries({"num_heads": st.sampled_from(HEADS)}),
    n_heads=lambda config: config["num_heads"],
)


def slopes_of(case: Case) -> np.ndarray:
    """Compute slopes by recursion, as the code of the paper's authors does."""

    def rule(n: int) -> list[float]:
        power = 2 ** (n.bit_length() - 1)
        own = [2.0 ** (-8 * (head + 1) / power) for head in range(power)]
        return own if power == n else own + rule(2 * power)[0::2][: n - power]

    return np.array(rule(case.config["num_heads"])).reshape(-1, 1, 1)


def queries_of_zero_weigh_keys_by_distance_alone(
    run: Implementation, case: Case
) -> Agreement:
    """A token further away weighs e^m times less; the mask is all that is added."""
    case = case.with_inputs(queries=np.zeros_like(case.inputs["queries"]))
    bias = np.where(mask_of(case), -slopes_of(case) * distances(case), -np.inf)
    largest = bias.max(axis=-1, keepdims=True, initial=-np.inf)
    weights = np.exp(bias - np.where(np.isfinite(largest), largest, 0))
    weights /= np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)
    expected = (weights @ case.inputs["values"].astype(float)).astype(case.dtype)
    return compare(expected, run(case), run.rounding(case))


def what_is_further_away_weighs_less(run: Implementation, case: Case) -> Agreement:
    """Of equal keys, the weight grows from the first to the last: m is positive."""
    n_keys, wide = case.inputs["keys"].shape[-2], case.inputs["values"].shape[:-1]
    case = case.with_inputs(
        queries=np.zeros_like(case.inputs["queries"]),
        values=np.broadcast_to(np.eye(n_keys), (*wide, n_keys)).astype(case.dtype),
        mask=None,
    )
    weights = run(case)
    return compare(np.sort(weights, axis=-1), weights, run.rounding(case))


def the_bias_is_one_channel_more(run: OneBackend, case: Case) -> Agreement:
    """Its query is m √D, its key the position: so is any kernel taught ALiBi."""
    queries, keys = case.inputs["queries"], case.inputs["keys"]
    scale = queries.shape[-1] ** -0.5
    slope = np.broadcast_to(slopes_of(case) / scale, (*queries.shape[:-1], 1))
    place = np.arange(keys.shape[-2])[:, None] - keys.shape[-2] + 1
    place = np.broadcast_to(place, (*keys.shape[:-1], 1))
    wider = case.with_inputs(
        queries=np.concatenate([queries, slope], -1).astype(case.dtype),
        keys=np.concatenate([keys, place], -1).astype(case.dtype),
    )
    plain = Case({"scale": scale}, wider.inputs)
    expected = by_torch("attention/scaled_dot_product", plain)
    return compare(expected, run(case), 2 * run.rounding(case))


def bloom(case: Case) -> torch.Tensor:
    """Add the bias of transformers' Bloom, which counts keys, not distances."""
    tokens = torch.ones(1, case.inputs["keys"].shape[-2])
    with in_float64(modeling_bloom):
        bias = modeling_bloom.build_alibi_tensor(
            tokens, case.config["num_heads"], torch.float64
        )
    return attended(case, case.inputs["queries"].shape[-1] ** -0.5, bias)


def by_loops(case: Case) -> torch.Tensor:
    """Add the bias of each distance, with slopes computed by recursion."""
    bias = torch.from_numpy(-slopes_of(case) * distances(case))
    return attended(case, case.inputs["queries"].shape[-1] ** -0.5, bias)


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_DISTANCES,
        Property(queries_of_zero_weigh_keys_by_distance_alone, for_all=True),
        Property(what_is_further_away_weighs_less, for_all=True),
        Property(the_bias_is_one_channel_more),
    ),
    rejections=distance_rejected(),
    oracles=(
        Oracle("transformers’ build_alibi_tensor of Bloom", bloom),
        Oracle("slopes by recursion, and F.softmax", by_loops),
    ),
    on_text=core_on_text(PATH, num_heads=2),
    examples=core_examples(PATH, heads=(3,), num_heads=3),
    probes=distance_probes(PATH),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestLinearBiasAttention(PairTests):
    """All that is asked of every pair, published slopes, and compilation."""

    pair = PAIR

    @pytest.mark.parametrize(
        ("num_heads", "at", "slopes"),
        [
            (8, slice(None), [2.0**-n for n in range(1, 9)]),
            (16, slice(3), [2**-0.5, 2**-1.0, 2**-1.5]),
            (12, slice(8, None), [2**-0.5, 2**-1.5, 2**-2.5, 2**-3.5]),
        ],
    )
    def test_slopes_are_those_that_the_authors_publish(self, num_heads, at, slopes):
        for part in (reference_alibi, torch_alibi):
            actual = np.asarray(part.alibi_slopes(num_heads))[at]

            assert compare(np.array(slopes), actual, 1e-16).holds
