"""Attention with a sink: its properties, rejections, oracles and bridges."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import strategies as st
from transformers.models.gpt_oss import modeling_gpt_oss

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.kernel_properties import OF_ALL_CORES, WITH_MASK
from parity_tests.attention.kernels import (
    BAD_CORE_INPUTS,
    BAD_MASKS,
    causal_mask,
    core_cases,
    core_examples,
    core_on_text,
    core_rejected,
    drawn_inputs,
)
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection

PATH = "attention/sink"
configs = st.fixed_dictionaries(
    {
        "num_heads": st.sampled_from((1, 2, 3)),
        "scale": st.sampled_from((None, None, 0.25)),
    }
)
CASES = core_cases(PATH, configs, n_heads=lambda config: config["num_heads"])
FITTING = drawn_inputs(0, (1,), (2, 3, 4, 4))


def with_sink(case: Case, value: float) -> Case:
    """Give every head the same sink."""
    sink = np.full(case.config["num_heads"], value, case.dtype)
    return replace(case, parameters={"sink": sink})


def without_sinks(case: Case) -> np.ndarray:
    """Run scaled dot-product attention on what went in."""
    plain = Case({"scale": case.config["scale"]}, case.inputs)
    return as_array(by_torch("attention/scaled_dot_product", plain))


def a_sink_far_below_the_scores_is_none(run: OneBackend, case: Case) -> Agreement:
    """exp(z) is then nothing beside the rest, unless a query sees no key at all."""
    none = with_sink(case, -1e30)
    return compare(without_sinks(case), run(none), run.rounding(none))


def a_sink_far_above_the_scores_takes_all(run: OneBackend, case: Case) -> Agreement:
    """Nothing is attended to: the output is zero, and no maximum is overlooked."""
    all_taken = with_sink(case, 1e30)
    output = run(all_taken)
    return compare(np.zeros_like(output), output)


def the_sink_scales_plain_attention_by_a_sigmoid(
    run: OneBackend, case: Case
) -> Agreement:
    """By σ(LSE - z), where LSE is the log-sum-exp of the scores that are seen."""
    names = ("queries", "keys")
    queries, keys = (case.inputs[name].astype(np.longdouble) for name in names)
    scale = case.config["scale"] or 1 / np.sqrt(np.longdouble(queries.shape[-1]))
    scores = queries @ keys.mT * scale
    if case.inputs["mask"] is not None:
        scores = np.where(case.inputs["mask"], scores, -np.inf)
    sink = case.parameters["sink"][:, None, None].astype(np.longdouble)
    highest = np.maximum(scores.max(axis=-1, keepdims=True, initial=-np.inf), sink)
    seen = np.exp(scores - highest).sum(axis=-1, keepdims=True)
    share = seen / (seen + np.exp(sink - highest))  # σ(LSE - z), without overflow
    expected = (share * without_sinks(case)).astype(case.dtype)
    return compare(expected, run(case), 2 * run.rounding(with_sink(case, -1e30)))


def a_key_of_zeros_with_a_value_of_zeros_is_a_sink_of_zero(
    run: OneBackend, case: Case
) -> Agreement:
    """Its score is 0 for every query: off-by-one softmax is a key more."""
    zero = with_sink(case, 0.0)
    more = {
        name: np.concatenate([array, np.zeros_like(array[..., :1, :])], axis=-2)
        if array.shape[-2]
        else np.zeros((*array.shape[:-2], 1, array.shape[-1]), array.dtype)
        for name, array in case.inputs.items()
        if name in ("keys", "values")
    }
    if (mask := case.inputs["mask"]) is not None:
        more["mask"] = np.concatenate(
            [mask, np.ones((*mask.shape[:-1], 1), bool)], axis=-1
        )
    return compare(
        without_sinks(case.with_inputs(**more)), run(zero), run.rounding(zero)
    )


def gpt_oss(case: Case) -> torch.Tensor:
    """Run the eager attention of transformers' gpt-oss, whose mask is added."""
    queries, keys, values = (
        torch.from_numpy(case.inputs[name]).flatten(0, -4)
        for name in ("queries", "keys", "values")
    )
    leading = case.inputs["queries"].shape[:-3]
    mask = torch.zeros(())
    if case.inputs["mask"] is not None:
        hidden = torch.from_numpy(~case.inputs["mask"])
        mask = torch.zeros(hidden.shape, dtype=queries.dtype)
        mask = mask.masked_fill(hidden, -torch.inf)
        if mask.ndim > 3:
            mask = mask.flatten(0, -4)
    theirs = torch.nn.Module()
    theirs.sinks = torch.from_numpy(case.parameters["sink"])
    theirs.num_key_value_groups = 1
    context, _ = modeling_gpt_oss.eager_attention_forward(
        theirs,
        queries,
        keys,
        values,
        mask if mask.ndim else None,
        scaling=case.config["scale"] or queries.shape[-1] ** -0.5,
    )
    return context.transpose(1, 2).reshape(*leading, *context.transpose(1, 2).shape[1:])


def for_gpt_oss(case: Case) -> bool:
    """Whether there is a batch in front of the heads, and nothing is empty."""
    arrays = [case.inputs[name] for name in ("queries", "keys", "values")]
    return arrays[0].ndim > 3 and all(array.size for array in arrays)


def probes(seed: int) -> list[Probe]:
    """Try more heads than a vector register holds, and a sink that wins."""
    inputs = drawn_inputs(seed, (2, 5), (17, 33, 8, 9))
    inputs["mask"] = causal_mask(17, 33)
    sink = np.array([-100.0, 0.0, 1.0, 5.0, 100.0])
    case = Case({"num_heads": 5, "scale": None}, inputs, {"sink": sink}, seed=seed)
    return [
        Probe("five heads, with sinks far below, among and far above the scores", case),
        Probe("the same in float32", case.astype("float32")),
    ]


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_CORES,
        *WITH_MASK,
        Property(a_sink_far_below_the_scores_is_none),
        Property(a_sink_far_above_the_scores_takes_all),
        Property(the_sink_scales_plain_attention_by_a_sigmoid),
        Property(a_key_of_zeros_with_a_value_of_zeros_is_a_sink_of_zero),
    ),
    rejections=(
        Rejection(ValueError, "num_heads must be at least 1, got 0", {"num_heads": 0}),
        *core_rejected(
            [
                *[row for row in BAD_CORE_INPUTS if "queries, got" not in row[2]],
                *[row for row in BAD_MASKS if "Boolean" in row[2]],
                (
                    {name: FITTING[name][0] for name in FITTING},
                    ValueError,
                    "queries must have shape (…, H, T, D), H = 1, got (2, 4)",
                ),
            ],
            {**drawn_inputs(0, (), (2, 3, 4, 4))},
            num_heads=1,
        ),
    ),
    oracles=(Oracle("transformers’ gpt-oss", gpt_oss, CASES.filter(for_gpt_oss)),),
    on_text=core_on_text(PATH, num_heads=2, scale=None),
    examples=core_examples(PATH, heads=(2,), num_heads=2, scale=None),
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestSinkAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
