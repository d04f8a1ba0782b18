"""The Kimi delta attention: its properties, rejections, oracles and bridges."""

import numpy as np
import torch
from hypothesis import strategies as st
from transformers.models.kimi_linear import modeling_kimi_linear

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.delta_properties import OF_ALL_DELTA_RULES
from parity_tests.attention.recurrence_properties import (
    by_fla,
    by_onnx,
    is_filled,
    like_the_case,
    of_heads,
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
from parity_tests.attention.test_gated_delta import CASES as SIMPLER_CASES
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.oracles.float64 import in_float64

PATH = "attention/kimi_delta"
KIND = Recurrence(PATH, "channel", betas=True, query_scales=(1.0, 5.0, 30.0, 1e3))
CONFIGS = st.fixed_dictionaries(
    {
        "scale": st.sampled_from((None, None, 1.0, 0.25)),
        "chunk_size": st.sampled_from(CHUNK_SIZES),
    }
)
CASES = recurrent_cases(KIND, CONFIGS)
FILLED = CASES.filter(is_filled)


def with_equal_decays_in_all_channels_it_is_the_gated_delta_rule(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of the gated delta rule: each decay repeated for every channel."""
    logs, dim = case.inputs["log_decays"], case.inputs["keys"].shape[-1]
    gates = {"log_decays": np.repeat(logs[..., None], dim, axis=-1)}
    gated = plain(case, **gates, betas=case.inputs["betas"])
    simpler = by_torch("attention/gated_delta", case)
    return compare([*simpler], [*run(gated)], run.rounding(gated))


def with_decays_near_zero_only_the_last_write_is_left(
    run: Implementation, case: Case
) -> Agreement:
    """The error is then the value itself: S = β k vᵀ. No product overflows."""
    if not case.inputs["betas"].shape[-1]:
        return compare(0, 0)
    strong = np.full_like(case.inputs["log_decays"], -1e4)
    forgets = case.with_inputs(log_decays=strong)
    keys, values, betas = (case.inputs[n] for n in ("keys", "values", "betas"))
    write = betas[..., -1, None, None] * keys[..., -1, :, None]
    expected = write * values[..., -1, None, :]
    return compare(expected, run(forgets)[1], run.rounding(forgets))


def a_decay_of_the_first_token_is_of_the_state_before(
    run: Implementation, case: Case
) -> Agreement:
    """To let the state fade and not to decay at once is the same thing."""
    logs = case.inputs["log_decays"]
    if not case.inputs["betas"].shape[-1]:
        return compare(0, 0)
    left = np.exp(logs[..., 0, :, None].astype(np.longdouble))
    faded = (left * case.inputs["state"]).astype(case.dtype)
    later = logs.copy()
    later[..., 0, :] = 0
    begun = case.with_inputs(state=faded, log_decays=later)
    return compare([*run(case)], [*run(begun)], 2 * run.rounding(case))


def transformers(case: Case) -> tuple[Array, Array]:
    """Run transformers' Kimi Linear in chunks of four tokens; its scale is 1/√D."""
    own = {
        name: torch.from_numpy(array).transpose(1, 2)
        for name, array in of_heads(case).items()
        if name != "state"
    }
    with in_float64(modeling_kimi_linear):
        context, state = modeling_kimi_linear.chunk_kimi_delta_attention(
            own["queries"],
            own["keys"],
            own["values"],
            g=own["log_decays"],
            beta=own["betas"],
            chunk_size=4,
            initial_state=torch.from_numpy(of_heads(case)["state"]),
            output_final_state=True,
        )
    dim = case.inputs["queries"].shape[-1]
    factor = (case.config["scale"] or dim**-0.5) * np.sqrt(dim)
    return like_the_case(case, factor * context.transpose(1, 2), state)


def fla(case: Case) -> tuple[Array, Array]:
    """Run the recurrence of fla-core."""
    gates = {"g": "log_decays", "beta": "betas"}
    return by_fla(case, "kda", "naive_recurrent_kda", **gates)


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_DELTA_RULES,
        Property(with_decays_near_zero_only_the_last_write_is_left),
        Property(a_decay_of_the_first_token_is_of_the_state_before, for_all=True),
        Property(
            with_equal_decays_in_all_channels_it_is_the_gated_delta_rule, SIMPLER_CASES
        ),
    ),
    rejections=recurrent_rejections(KIND),
    oracles=(
        Oracle("transformers’ Kimi Linear, in chunks", transformers, FILLED),
        Oracle("ONNX's LinearAttention, gated_delta", by_onnx, FILLED),
        Oracle("fla-core's naive_recurrent_kda", fla, FILLED),
    ),
    on_text=recurrent_on_text(KIND, scale=None, chunk_size=16),
    examples=recurrent_examples(KIND, scale=None),
    probes=recurrent_probes(KIND, scale=None),
    abilities=frozenset({"leading_axes"}),
)


class TestKimiDeltaAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
