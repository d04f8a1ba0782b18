"""Absorbed latent attention: its properties, rejections, oracles and bridges.

What it shares with the form that makes keys and values is in latents.py.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import with_parameters
from parity_tests.attention.latents import (
    OF_LATENTS,
    PROBED,
    SMALL,
    deepseek,
    heads_of,
    latent_configs,
    latent_rejected,
    linear,
    normed,
    of_full_rank_it_is_multi_head_attention_of_the_normed_text,
    scale_of,
    turned,
    with_large_gains,
)
from parity_tests.attention.positioned import (
    of_positions,
    positioned_cases,
    positioned_examples,
    positioned_probes,
)
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/latent_absorbed"
CASES = with_large_gains(positioned_cases(PATH, latent_configs()))


def it_is_latent_attention(run: OneBackend, case: Case) -> Agreement:
    """The same products in another order."""
    return compare(by_torch("attention/latent", case), run(case), run.rounding(case))


def all_heads_share_one_key_and_one_value(run: OneBackend, case: Case) -> Agreement:
    """It is multi-query attention: keys [c; k], values c, heads only in queries."""
    x, n_heads = torch.from_numpy(case.inputs["x"]), case.config["num_heads"]
    query_latent = normed(case, "query_norm", linear(case, "W_query_down", x))
    latent = normed(case, "latent_norm", linear(case, "W_latent", x))
    shared_key = turned(case, linear(case, "W_key_rotary", x).unsqueeze(-3))
    queries, to_turn = (
        heads_of(case, linear(case, name, query_latent))
        for name in ("W_query", "W_query_rotary")
    )
    maps = {
        name: torch.from_numpy(case.parameters[f"{name}.weight"])
        for name in ("W_key", "W_value")
    }
    keys = torch.cat([latent, shared_key.squeeze(-3)], dim=-1)
    contexts = []
    for head in range(n_heads):
        to_keys, to_values = (m.chunk(n_heads)[head] for m in maps.values())
        own = queries[..., head, :, :] @ to_keys, turned(case, to_turn)[..., head, :, :]
        averaged = F.scaled_dot_product_attention(
            *(torch.cat(own, dim=-1), keys, latent),
            is_causal=True,
            scale=scale_of(case),
        )
        contexts.append(averaged @ to_values.T)
    bias = torch.from_numpy(case.parameters["out_proj.bias"])
    expected = linear(case, "out_proj", torch.cat(contexts, dim=-1)) + bias
    return compare(expected, run(case), run.rounding(case))


def a_latent_context_lies_between_the_latents(run: OneBackend, case: Case) -> Agreement:
    """What is averaged is latents: no channel leaves their range."""
    latent = run.quantity("latent", case)[..., None, :, :]
    context = run.quantity("latent_context", case)
    low, high = (
        reduce.accumulate(latent, axis=-2) for reduce in (np.minimum, np.maximum)
    )
    inside = np.clip(context, low, high)
    return compare(inside, context, run.rounding(case, "latent_context"))


def maps_may_be_turned_in_the_space_of_latents(
    run: OneBackend, case: Case
) -> Agreement:
    """Channels of the latent may change places if the maps and the gain follow."""
    order = np.arange(case.config["latent_rank"])[::-1]
    state = case.parameters
    moved = {
        "W_latent.weight": state["W_latent.weight"][order],
        "latent_norm.weight": state["latent_norm.weight"][order],
        "W_key.weight": state["W_key.weight"][:, order],
        "W_value.weight": state["W_value.weight"][:, order],
    }
    return compare(run(case), run(with_parameters(case, moved)), run.rounding(case))


PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        *of_positions(CASES),
        *OF_LATENTS,
        Property(
            of_full_rank_it_is_multi_head_attention_of_the_normed_text,
            attention_cases("attention/multi_head"),
        ),
        Property(it_is_latent_attention),
        Property(all_heads_share_one_key_and_one_value),
        Property(a_latent_context_lies_between_the_latents),
        Property(maps_may_be_turned_in_the_space_of_latents),
    ),
    rejections=latent_rejected(PATH),
    oracles=(
        Oracle("transformers’ DeepSeek-V3", deepseek, CASES.filter(is_not_empty)),
    ),
    on_text=attention_on_text(PATH, **SMALL),
    examples=positioned_examples(PATH, **SMALL),
    probes=positioned_probes(PATH, **PROBED),
    typed=attention_typed(
        *(PATH,),
        d_out=2,
        query_rank=3,
        latent_rank=2,
        head_dim=2,
        rotary_dim=2,
        value_dim=2,
    ),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestAbsorbedLatentAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_its_scale_is_not_that_of_the_keys_that_it_has(self):
        case = next(example.case for example in PAIR.examples(0))
        config = {**case.config, "score_factor": math.sqrt((3 + 4) / (7 + 4))}
        with unchecked():
            right, wrong = (
                by_torch(PATH, Case(c, case.inputs, case.parameters))
                for c in (case.config, config)
            )

        assert compare(right, wrong).difference > 1e-3

    def test_parameters_are_those_of_latent_attention(self):
        modules = [
            module(**{**SMALL, "d_in": 3})
            for module in (
                torch_impl.LatentAttention,
                torch_impl.AbsorbedLatentAttention,
            )
        ]
        modules[1].load_state_dict(modules[0].state_dict(), strict=True)
        x = torch.randn(2, 4, 3, dtype=torch.float64)
        outputs = [module.double()(x) for module in modules]

        assert compare(*outputs, 1e-15).holds
