"""Blocked attention: its properties, rejections, oracles and bridges."""

import warnings
from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import AuxRequest, flex_attention

import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import with_config
from parity_tests.attention.kernel_properties import (
    OF_ALL_CORES,
    a_hidden_key_has_no_influence,
    a_query_that_sees_no_key_gives_zeros,
    a_query_that_sees_no_key_has_no_gradient,
    each_query_is_answered_by_itself,
    the_order_of_the_keys_does_not_matter,
)
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
from parity_tests.attention.onnx_oracle import TYPES
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.lockstep.recording import record
from parity_tests.rounding.units import floating_in

PATH = "attention/blocked"
sizes = st.sampled_from((1, 2, 3, 4, 512))
configs = st.fixed_dictionaries(
    {
        "is_causal": st.booleans(),
        "query_block": sizes,
        "key_block": sizes,
        "scale": st.sampled_from((None, None, 0.25)),
    }
)
CASES = core_cases(PATH, configs)
CONFIG: dict[str, Any] = {
    "is_causal": True,
    "query_block": 2,
    "key_block": 3,
    "scale": None,
}
Check = Callable[[Any, Case], Agreement]


def all_visible(case: Case) -> Array:
    """Return what a case lets its queries attend to, by the mask or causally."""
    n_queries, n_keys = (case.inputs[n].shape[-2] for n in ("queries", "keys"))
    mask = case.inputs["mask"]
    seen = np.ones((n_queries, n_keys), bool) if mask is None else mask
    return seen & causal_mask(n_queries, n_keys) if case.config["is_causal"] else seen


def not_causal(check: Check) -> Check:
    """Ask of attention to all keys what does not hold of a causal one."""

    @wraps(check)
    def without(run: Any, case: Case) -> Agreement:
        return check(run, with_config(case, is_causal=False))

    return without


def blocks_of_any_sizes_give_the_same(run: Implementation, case: Case) -> Agreement:
    """One query and one key at a time, or all at once."""
    rows = [(1, 1), (2, 3), (3, 2), (1, 512), (512, 1), (512, 512)]
    found = [run(with_config(case, query_block=q, key_block=k)) for q, k in rows]
    units = [run.rounding(case)] * len(rows)
    return compare([run(case)] * len(rows), found, units)


def it_is_scaled_dot_product_attention(run: OneBackend, case: Case) -> Agreement:
    """What is causal is a mask there."""
    plain = Case({"scale": case.config["scale"]}, case.inputs)
    plain = plain.with_inputs(mask=all_visible(case))
    expected = by_torch("attention/scaled_dot_product", plain)
    return compare(expected, run(case), run.rounding(case))


def later_keys_have_no_influence_where_it_is_causal(
    run: Implementation, case: Case
) -> Agreement:
    """On all queries but the last, whatever the last key is."""
    if min(case.inputs[name].shape[-2] for name in ("queries", "keys")) < 2:
        return compare(0, 0)
    case = with_config(case, is_causal=True)
    changed = {name: case.inputs[name].copy() for name in ("keys", "values")}
    for array in changed.values():
        array[..., -1:, :] = 7
    earlier = run(case.with_inputs(**changed))[..., :-1, :]
    return compare(run(case)[..., :-1, :], earlier, run.rounding(case))


def is_causal_hides_what_a_causal_mask_hides(
    run: Implementation, case: Case
) -> Agreement:
    """The queries are the last of the tokens, so the last query sees all keys."""
    causal = with_config(case, is_causal=True)
    mask = with_config(case, is_causal=False).with_inputs(mask=all_visible(causal))
    return compare(run(mask), run(causal), run.rounding(causal))


def keys_in_front_that_are_hidden_may_be_left_out(
    run: Implementation, case: Case
) -> Agreement:
    """The first blocks of a text with padding on the left are hidden whole: no NaN."""
    n_keys = case.inputs["keys"].shape[-2]
    n_hidden = n_keys - n_keys // 3
    mask = all_visible(case) & (np.arange(n_keys) >= n_hidden)
    hidden = with_config(case, query_block=2, key_block=1).with_inputs(mask=mask)
    short = {name: case.inputs[name][..., n_hidden:, :] for name in ("keys", "values")}
    left_out = case.with_inputs(**short, mask=mask[..., n_hidden:])
    return compare(run(left_out), run(hidden), run.rounding(hidden))


def gradients_of_blocks_of_any_sizes_are_the_same(
    run: OneBackend, case: Case
) -> Agreement:
    """Every block of the backward pass knows the log-sum-exp of all."""
    whole = with_config(case, query_block=512, key_block=512)
    parts = with_config(case, query_block=2, key_block=1)
    expected, actual = run.gradients(whole), run.gradients(parts)
    names = ("queries", "keys", "values")
    units = [run.gradient_rounding(parts, name) for name in names]
    return compare(
        [expected[name] for name in names], [actual[name] for name in names], units
    )


def log_sum_exp_of(run: OneBackend, case: Case) -> Any:
    """Ask for the log-sum-exp, in the backend's own kind of array."""
    names = ("queries", "keys", "mask")
    queries, keys, mask = (run.backend.own(case.inputs[name]) for name in names)
    with unchecked():
        return run.part(**case.config).log_sum_exp(queries, keys, mask)


def the_log_sum_exp_is_that_of_all_visible_scores(
    run: OneBackend, case: Case
) -> Agreement:
    """In natural logarithms, the maximum included; -inf where nothing is seen."""
    names = ("queries", "keys")
    queries, keys = (case.inputs[name].astype(np.longdouble) for name in names)
    scale = case.config["scale"] or 1 / np.sqrt(np.longdouble(queries.shape[-1]))
    scores = np.where(all_visible(case), queries @ keys.mT * scale, -np.inf)
    expected = np.logaddexp.reduce(scores, axis=-1, initial=-np.inf)
    unit = run.rounding(case, "log_sum_exp")
    found = as_array(log_sum_exp_of(run, case))
    return compare(expected.astype(case.dtype), found, unit)


def partial_results_merge_by_their_log_sum_exp(
    run: OneBackend, case: Case
) -> Agreement:
    """Keys may be dealt out to three, in any way; some get none."""
    case = with_config(case.with_inputs(mask=all_visible(case)), is_causal=False)
    owner = case.stream("owners").integers(0, 3, case.inputs["keys"].shape[-2])
    parts = [
        case.with_inputs(
            **{name: case.inputs[name][..., owner == n, :] for name in SHARED},
            mask=case.inputs["mask"][..., owner == n],
        )
        for n in range(3)
    ]
    contexts = np.stack([run(part) for part in parts])
    sums = np.stack([as_array(log_sum_exp_of(run, part)) for part in parts])
    merge = import_module(run.part.__module__).merge
    merged = [as_array(each) for each in merge(*map(run.backend.own, (contexts, sums)))]
    unit_of_sum = run.rounding(case, "log_sum_exp")
    size = np.abs(contexts).max(initial=0.0)
    units = [run.rounding(case) + unit_of_sum * size, unit_of_sum]
    return compare([run(case), as_array(log_sum_exp_of(run, case))], merged, units)


SHARED = ("keys", "values")


def written_plainly(case: Case) -> torch.Tensor:
    """Write it with all scores and PyTorch's softmax, which gives NaN for no key."""
    names = ("queries", "keys", "values")
    queries, keys, values = (torch.from_numpy(case.inputs[name]) for name in names)
    scale = case.config["scale"] or 1 / np.sqrt(queries.shape[-1])
    scores = queries @ keys.mT * scale
    scores = scores.masked_fill(~torch.from_numpy(all_visible(case)), -torch.inf)
    return F.softmax(scores, dim=-1).nan_to_num(0.0) @ values


MODEL = """
<ir_version: 11, opset_import: ["": 23]>
attention ({type}[B, T, D] Q, {type}[B, S, D] K, {type}[B, S, E] V, bool[B, T, S] M)
    => ({type}[B, T, E] Y)
{{
    Y = Attention <{scale} q_num_heads = 1, kv_num_heads = 1> (Q, K, V, M)
}}
"""


@cache
def evaluator(type: str, scale: float | None) -> Any:
    """Build ONNX's operator, whose own scale is that of the paper."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    given = f"scale = {scale}," if scale else ""
    model = onnx.parser.parse_model(MODEL.format(type=type, scale=given))
    return reference.ReferenceEvaluator(model)


def by_onnx(case: Case) -> Array:
    """Give ONNX's Attention the mask of all that is visible."""
    names = {"Q": "queries", "K": "keys", "V": "values"}
    shaped = {
        theirs: case.inputs[own].reshape(-1, *case.inputs[own].shape[-2:])
        for theirs, own in names.items()
    }
    shape = (*case.inputs["queries"].shape[:-1], case.inputs["keys"].shape[-2])
    mask = np.broadcast_to(all_visible(case), shape).reshape(-1, *shape[-2:])
    operator = evaluator(TYPES[case.dtype], case.config["scale"])
    found = operator.run(None, {**shaped, "M": mask[:, None]})[0]
    return found.reshape(*shape[:-1], found.shape[-1])


def all_see(case: Case) -> bool:
    """Whether nothing is empty, and every query sees a key."""
    arrays = [value for value in case.inputs.values() if value is not None]
    seen = all_visible(case).any(axis=-1).all()
    return all(array.size for array in arrays) and bool(seen)


def flexible(case: Case) -> torch.Tensor:
    """Hide scores as they pass through PyTorch's flex attention; take the sums."""
    own = {n: torch.from_numpy(case.inputs[n]) for n in ("queries", "keys", "values")}
    leading = own["queries"].shape[:-2]
    queries, keys, values = (t.reshape(-1, 1, *t.shape[-2:]) for t in own.values())
    mask = torch.from_numpy(all_visible(case))
    mask = mask.expand(*leading, *mask.shape[-2:]).reshape(-1, *mask.shape[-2:])

    def hide(score, batch, head, query, key):
        return torch.where(mask[batch, query, key], score, -torch.inf)

    aux, scale = AuxRequest(lse=True), case.config["scale"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # uncompiled, it is slow
        _, more = flex_attention(
            queries, keys, values, score_mod=hide, scale=scale, return_aux=aux
        )
    return more.lse.reshape(*leading, -1)


def probes(seed: int) -> list[Probe]:
    """Try sizes beside a block's, an offset, and a first block that is hidden."""
    inputs = drawn_inputs(seed, (2,), (33, 65, 8, 9), scale=3.0)
    config = {**CONFIG, "query_block": 16, "key_block": 32}
    masked = {**inputs, "mask": np.arange(65)[None] >= 40}
    case = Case(config, masked, seed=seed)
    rule = "33 queries over 65 keys"
    return [
        Probe(f"{rule}, the first 40 of them hidden", case),
        Probe(f"{rule}, in float32", case.with_inputs(mask=None).astype("float32")),
    ]


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_CORES,
        Property(each_query_is_answered_by_itself, for_all=True),
        Property(not_causal(the_order_of_the_keys_does_not_matter), for_all=True),
        Property(a_hidden_key_has_no_influence, for_all=True),
        Property(a_query_that_sees_no_key_gives_zeros, for_all=True),
        Property(a_query_that_sees_no_key_has_no_gradient),
        Property(blocks_of_any_sizes_give_the_same, for_all=True),
        Property(later_keys_have_no_influence_where_it_is_causal, for_all=True),
        Property(is_causal_hides_what_a_causal_mask_hides, for_all=True),
        Property(keys_in_front_that_are_hidden_may_be_left_out, for_all=True),
        Property(it_is_scaled_dot_product_attention),
        Property(gradients_of_blocks_of_any_sizes_are_the_same),
        Property(the_log_sum_exp_is_that_of_all_visible_scores),
        Property(partial_results_merge_by_their_log_sum_exp),
    ),
    rejections=(
        *(
            Rejection(
                ValueError, f"{name} must be at least 1, got 0", {**CONFIG, name: 0}
            )
            for name in ("query_block", "key_block")
        ),
        *core_rejected([*BAD_CORE_INPUTS, *BAD_MASKS], **CONFIG),
    ),
    oracles=(
        Oracle("all scores, F.softmax and values, in three lines", written_plainly),
        Oracle("ONNX's Attention with a mask", by_onnx, CASES.filter(all_see)),
    ),
    on_text=core_on_text(PATH, **{**CONFIG, "query_block": 64, "key_block": 48}),
    examples=core_examples(PATH, **CONFIG),
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestBlockedAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_its_log_sum_exp_is_that_of_flex_attention(self, backend):
        run = OneBackend(PAIR, backend)

        @settings(max_examples=8)
        @given(CASES.filter(all_see))
        def agree(case):
            with unchecked():
                expected = flexible(case)
            unit = run.rounding(case, "log_sum_exp")
            agreement = compare(expected, log_sum_exp_of(run, case), unit)

            assert agreement.holds, agreement.reason

        agree()

    @pytest.mark.parametrize("mask", [None, np.arange(70) >= 9], ids=["", "masked"])
    def test_no_array_of_the_reference_is_as_large_as_the_scores(self, mask):
        inputs = {**drawn_inputs(0, (), (64, 70, 4, 4)), "mask": mask}
        case = Case({**CONFIG, "query_block": 8, "key_block": 16}, inputs)
        recording = record("reference", lambda: PAIR.call(REFERENCE, case))
        stored = [
            array
            for call in recording.invocations
            for step in call.snapshots
            for value in step.values.values()
            for array in floating_in(value)
        ]

        assert len(stored) > 100
        assert max(array.size for array in stored) < 64 * 70 / 8

    def test_gradients_go_through_the_log_sum_exp_and_the_merge_of_pytorch(self):
        inputs = drawn_inputs(0, (2,), (3, 6, 4, 4))
        own = [torch.from_numpy(array).requires_grad_() for array in inputs.values()]
        queries, keys, values = own
        mask = torch.arange(6) < torch.tensor([[0], [2], [6]])
        attend = torch_impl.BlockedAttention(query_block=2, key_block=2)
        halves = [
            (
                attend(queries, keys[:, half], values[:, half], mask[:, half]),
                attend.log_sum_exp(queries, keys[:, half], mask[:, half]),
            )
            for half in (slice(0, 3), slice(3, 6))
        ]
        merge = import_module(type(attend).__module__).merge
        merged, _ = merge(*map(torch.stack, zip(*halves, strict=True)))
        expected = torch.autograd.grad(attend(*own, mask).square().sum(), own)
        actual = torch.autograd.grad(merged.square().sum(), own)

        units = [1e-15] * 3
        assert compare([*expected], [*actual], units).holds
