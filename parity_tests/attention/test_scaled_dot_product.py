"""Scaled dot-product attention: its properties, rejections, oracles and bridges."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import in_evaluation
from parity_tests.attention.kernel_properties import OF_ALL_CORES, WITH_MASK
from parity_tests.attention.kernels import (
    BAD_CORE_INPUTS,
    BAD_MASKS,
    causal_mask,
    core_cases,
    core_examples,
    core_on_text,
    core_rejected,
)
from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/scaled_dot_product"
HEADS = attention_cases("attention/multi_head")
scales = st.fixed_dictionaries({"scale": st.sampled_from((None, 1.0, 0.25, 3.0))})


def equal_scores_give_the_average_of_what_is_seen(
    run: OneBackend, case: Case
) -> Agreement:
    """A query of zero prefers no key."""
    case = case.with_inputs(queries=np.zeros_like(case.inputs["queries"]))
    scores = (*case.inputs["queries"].shape[:-1], case.inputs["keys"].shape[-2])
    mask = case.inputs["mask"]
    seen = np.broadcast_to(True if mask is None else mask, scores).astype(case.dtype)
    even = seen / np.maximum(seen.sum(axis=-1, keepdims=True), 1)
    return compare(even @ case.inputs["values"], run(case), run.rounding(case))


def it_is_what_each_head_of_multi_head_attention_does(
    run: OneBackend, case: Case
) -> Agreement:
    """Its steps, from split heads to the context vectors of every head."""
    heads = OneBackend(load("attention/multi_head"), REFERENCE)
    case = in_evaluation(case)
    names = ("head_queries", "head_keys", "head_values")
    queries, keys, values = (heads.quantity(name, case) for name in names)
    n_tokens = queries.shape[-2]
    inputs = {"queries": queries, "keys": keys, "values": values}
    core = Case({}, {**inputs, "mask": causal_mask(n_tokens, n_tokens)})
    expected = heads.quantity("head_context", case)
    return compare(expected, run(core), run.rounding(core))


def written_with_softmax(case: Case) -> torch.Tensor:
    """Write it plainly; where a row is hidden whole, PyTorch's softmax gives NaN."""
    names = ("queries", "keys", "values")
    queries, keys, values = (torch.from_numpy(case.inputs[name]) for name in names)
    scale = case.config["scale"] or queries.shape[-1] ** -0.5
    if case.config["scale"] is None:
        scale = 1 / np.sqrt(queries.shape[-1])
    scores = queries @ keys.mT * scale
    if case.inputs["mask"] is not None:
        mask = torch.from_numpy(case.inputs["mask"])
        scores = scores.masked_fill(~mask, -torch.inf)
    return F.softmax(scores, dim=-1).nan_to_num(0.0) @ values


PAIR = Pair(
    path=PATH,
    cases=core_cases(PATH, scales),
    properties=(
        *OF_ALL_CORES,
        *WITH_MASK,
        Property(equal_scores_give_the_average_of_what_is_seen, for_all=True),
        Property(it_is_what_each_head_of_multi_head_attention_does, HEADS),
    ),
    rejections=core_rejected([*BAD_CORE_INPUTS, *BAD_MASKS]),
    oracles=(
        Oracle("scores, F.softmax and values, in three lines", written_with_softmax),
    ),
    on_text=core_on_text(PATH),
    examples=core_examples(PATH, scale=None),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestScaledDotProductAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
