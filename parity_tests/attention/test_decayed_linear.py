"""Decayed linear attention: its properties, rejections, oracles and bridges."""

from importlib import import_module

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.models.minimax import modeling_minimax

import reference
import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.recurrence_properties import (
    OF_ALL_RECURRENCES,
    by_fla,
    by_onnx,
    is_filled,
    naive,
    plain,
)
from parity_tests.attention.recurrences import (
    CHUNK_SIZES,
    Recurrence,
    recurrent_cases,
    recurrent_examples,
    recurrent_on_text,
    recurrent_probes,
    recurrent_rejections,
)
from parity_tests.attention.test_linear import CASES as LINEAR_CASES
from parity_tests.attention.test_linear import divided, with_a_channel_of_ones
from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import BACKENDS
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.oracles.float64 import in_float64

PATH = "attention/decayed_linear"
KIND = Recurrence(PATH, decays="token")
CONFIGS = st.fixed_dictionaries(
    {
        "scale": st.sampled_from((None, None, 1.0, 0.25)),
        "chunk_size": st.sampled_from(CHUNK_SIZES),
    }
)
CASES = recurrent_cases(KIND, CONFIGS)
FILLED = CASES.filter(is_filled)
PACKAGES = (reference, torch_impl)


def with_decays_of_one_it_is_linear_attention(run: OneBackend, case: Case) -> Agreement:
    """On cases of linear attention: of features, and divided by a channel of ones."""
    wide = with_a_channel_of_ones(case)
    decays = np.zeros(case.inputs["queries"].shape[:-1], case.dtype)
    found = divided(run(plain(wide, log_decays=decays)))
    unit = OneBackend(load("attention/linear"), run.backend).rounding(case)
    return compare([*by_torch("attention/linear", case)], [*found], unit)


def it_is_masked_attention_with_decays_in_the_mask(
    run: Implementation, case: Case
) -> Agreement:
    """(scale Q Kᵀ ∘ M) V, M_ts the product of the decays from s + 1 to t."""
    names = ("queries", "keys", "values", "log_decays")
    queries, keys, values, logs = (
        case.inputs[name].astype(np.longdouble) for name in names
    )
    n_tokens, dim = queries.shape[-2:]
    sums = logs.cumsum(axis=-1)
    between = np.where(np.tri(n_tokens), sums[..., None] - sums[..., None, :], -np.inf)
    scale = case.config["scale"] or 1 / np.sqrt(np.longdouble(dim))
    weights = scale * (queries @ keys.mT) * np.exp(between)
    begin = case.with_inputs(state=np.zeros_like(case.inputs["state"]))
    expected = (weights @ values).astype(case.dtype)
    return compare(expected, run(begin)[0], run.rounding(begin))


def a_token_that_writes_nothing_lets_the_state_fade(
    run: Implementation, case: Case
) -> Agreement:
    """With keys of zero the state is multiplied by all decays, and nothing else."""
    silent = case.with_inputs(keys=np.zeros_like(case.inputs["keys"]))
    logs = case.inputs["log_decays"].astype(np.longdouble).sum(axis=-1)
    expected = np.exp(logs)[..., None, None] * case.inputs["state"]
    return compare(expected.astype(case.dtype), run(silent)[1], run.rounding(silent))


def with_decays_near_zero_a_token_sees_itself_alone(
    run: Implementation, case: Case
) -> Agreement:
    """It reads what it has just written: scale (q·k) v. No product overflows."""
    strong = np.full_like(case.inputs["log_decays"], -1e4)
    alone = case.with_inputs(log_decays=strong)
    queries, keys = (case.inputs[name] for name in ("queries", "keys"))
    scale = case.config["scale"] or 1 / np.sqrt(queries.shape[-1])
    weights = (queries * keys).sum(axis=-1, keepdims=True)
    expected = (scale * weights * case.inputs["values"]).astype(case.dtype)
    return compare(expected, run(alone)[0], run.rounding(alone))


def tokens_before_a_decay_near_zero_are_forgotten(
    run: Implementation, case: Case
) -> Agreement:
    """As at the border of two documents: what comes after begins anew."""
    logs = case.inputs["log_decays"].copy()
    if not logs.shape[-1]:
        return compare(0, 0)
    logs[..., 0] = -1e4
    begun = case.with_inputs(log_decays=logs)
    other = begun.with_inputs(state=1 - case.inputs["state"])
    return compare(run(begun), run(other), run.rounding(begun))


def fla(case: Case) -> tuple[Array, Array]:
    """Run the recurrence of fla-core's simple GLA."""
    return by_fla(case, "simple_gla", "naive_recurrent_simple_gla", g="log_decays")


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_RECURRENCES,
        Property(it_is_masked_attention_with_decays_in_the_mask, for_all=True),
        Property(a_token_that_writes_nothing_lets_the_state_fade, for_all=True),
        Property(with_decays_near_zero_a_token_sees_itself_alone, for_all=True),
        Property(tokens_before_a_decay_near_zero_are_forgotten, for_all=True),
        Property(
            with_decays_of_one_it_is_linear_attention, LINEAR_CASES.filter(is_filled)
        ),
    ),
    rejections=recurrent_rejections(KIND),
    oracles=(
        Oracle("ONNX's LinearAttention, gated", by_onnx, FILLED),
        Oracle("fla-core's naive_recurrent_simple_gla", fla, FILLED),
    ),
    on_text=recurrent_on_text(KIND, scale=None, chunk_size=16),
    examples=recurrent_examples(KIND, scale=None),
    probes=recurrent_probes(KIND, scale=None),
    abilities=frozenset({"leading_axes"}),
)


def both(name, *arguments):
    """Call a function of both packages, and return two arrays."""
    modules = [
        import_module(f"{package.__name__}.{PATH.replace('/', '.')}")
        for package in PACKAGES
    ]
    return [as_array(getattr(module, name)(*arguments)) for module in modules]


class TestDecayedLinearAttention(PairTests):
    """All that is asked of every pair, and what the decays of three models are."""

    pair = PAIR

    @pytest.mark.parametrize("num_heads", [1, 3, 8, 12])
    def test_retention_of_fla_core_has_the_decays_of_retnet(self, num_heads):
        ours, theirs = both("retention_log_decays", num_heads, 9)
        arrays = np.random.default_rng(0).normal(size=(3, 2, num_heads, 9, 4))
        logs = np.broadcast_to(ours, arrays.shape[1:-1])
        case = Case(
            {"scale": None},
            dict(zip(("queries", "keys", "values"), arrays, strict=True)),
        )
        case = case.with_inputs(log_decays=logs.copy())
        module = naive("retention")

        with in_float64(module):
            expected = module.naive_retention(*map(torch.from_numpy, arrays))

        assert compare(ours, theirs, 1e-16).holds
        for run in (OneBackend(PAIR, backend) for backend in BACKENDS):
            assert compare(expected, run(case)[0], 1e-15).holds

    @pytest.mark.parametrize("layer", [0, 3, 6])
    def test_lightning_decays_are_those_of_minimax(self, layer):
        ours, theirs = both("lightning_log_decays", 12, 2, layer, 7)
        config = modeling_minimax.MiniMaxConfig(
            num_attention_heads=12, num_hidden_layers=7, hidden_size=12, head_dim=1
        )
        attention = modeling_minimax.MiniMaxLightningAttention(config, layer)
        expected = -attention.get_slope_rate().reshape(12, 1).expand(12, 2)

        assert compare(ours, theirs, 1e-16).holds
        assert compare(expected, ours.astype(np.float32), 1e-7).holds

    def test_a_state_space_is_discretized_by_its_steps(self):
        """Half the step twice is the step once, as exp(Δ A / 2)² = exp(Δ A)."""
        steps, rates = np.array([[0.5, 2.0], [1.0, 0.1]]), np.log([1.0, 3.0])
        ours = reference.attention.decayed_linear.state_space_log_decays(steps, rates)
        own = torch.from_numpy(steps), torch.from_numpy(rates)
        theirs = torch_impl.attention.decayed_linear.state_space_log_decays(*own)

        assert compare(-np.exp(rates)[:, None] * steps, ours).holds
        assert compare(ours, theirs, 1e-15).holds
