"""Sliding-window attention: its properties, rejections, oracles, and its ring."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from transformers import masking_utils as hf

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import with_config
from parity_tests.attention.kernel_properties import OF_ALL_CORES
from parity_tests.attention.kernels import (
    BAD_CORE_INPUTS,
    BAD_MASKS,
    FITTING,
    causal_mask,
    core_cases,
    core_examples,
    core_on_text,
    core_rejected,
    drawn_inputs,
)
from parity_tests.attention.onnx_oracle import TYPES
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import Backend, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import LEADING, PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, seeds

PATH = "attention/sliding_window"
configs = st.fixed_dictionaries(
    {
        "window": st.sampled_from((1, 2, 3, 4, 5, 9)),
        "scale": st.sampled_from((None, None, 0.25)),
    }
)


@st.composite
def long_cases(draw: st.DrawFn) -> Case:
    """Draw up to 11 keys, of which the queries are the last ones, or all."""
    config, seed, dtype = draw(configs), draw(seeds), draw(dtypes)
    leading = draw(st.sampled_from(LEADING))
    n_keys, n_before = draw(st.integers(1, 11)), draw(st.sampled_from((0, 0, 1, 3, 6)))
    n_queries = max(n_keys - n_before, 1)
    dim, width = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    inputs: dict[str, Any] = {}
    shapes = {"queries": (n_queries, dim), "keys": (n_keys, dim)}
    shapes["values"] = (n_keys, width)
    for index, (name, shape) in enumerate(shapes.items()):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        array = scale * numbers(pattern, (*leading, *shape), seed + index)
        inputs[name] = array.astype(dtype)
    hidden = np.random.default_rng(seed).random((*leading, 1, n_keys)) < 0.2
    inputs["mask"] = draw(st.sampled_from((None, None, ~hidden)))
    return Case(config, inputs, seed=seed)


CASES = st.one_of(long_cases(), long_cases(), core_cases(PATH, configs))
WHOLE = long_cases().map(
    lambda case: case.with_inputs(
        queries=np.resize(case.inputs["queries"], case.inputs["keys"].shape), mask=None
    )
)


def keys_outside_of_the_window_have_no_influence(
    run: Implementation, case: Case
) -> Agreement:
    """For the last query: neither those W or more back, nor any after it."""
    window, n_keys = case.config["window"], case.inputs["keys"].shape[-2]
    changed = {name: case.inputs[name].copy() for name in ("keys", "values")}
    for array in changed.values():
        array[..., : max(n_keys - window, 0), :] = 7
    last = run(case.with_inputs(**changed))[..., -1:, :]
    return compare(run(case)[..., -1:, :], last, run.rounding(case))


def later_keys_have_no_influence(run: Implementation, case: Case) -> Agreement:
    """A window ends at the query's own position."""
    if min(case.inputs[name].shape[-2] for name in ("queries", "keys")) < 2:
        return compare(0, 0)
    changed = {name: case.inputs[name].copy() for name in ("keys", "values")}
    for array in changed.values():
        array[..., -1:, :] = 7
    earlier = run(case.with_inputs(**changed))[..., :-1, :]
    return compare(run(case)[..., :-1, :], earlier, run.rounding(case))


def the_last_queries_give_the_last_rows(run: Implementation, case: Case) -> Agreement:
    """Queries are the last of the tokens, so fewer of them stand where they stood."""
    n_queries = case.inputs["queries"].shape[-2]
    last = max(n_queries // 2, 1)
    few = case.with_inputs(queries=case.inputs["queries"][..., n_queries - last :, :])
    mask = case.inputs["mask"]
    if mask is not None and mask.shape[-2] > 1:
        few = few.with_inputs(mask=mask[..., n_queries - last :, :])
    expected = run(case)[..., n_queries - last :, :]
    return compare(expected, run(few), run.rounding(case))


def only_the_window_before_is_needed(run: Implementation, case: Case) -> Agreement:
    """Keys more than W - 1 before the first query may be dropped."""
    n_queries, n_keys = (case.inputs[n].shape[-2] for n in ("queries", "keys"))
    drop = max(n_keys - n_queries - case.config["window"] + 1, 0)
    needed = {n: case.inputs[n][..., drop:, :] for n in ("keys", "values")}
    if case.inputs["mask"] is not None:
        needed["mask"] = case.inputs["mask"][..., drop:]
    return compare(run(case), run(case.with_inputs(**needed)), run.rounding(case))


def a_window_of_one_gives_each_token_its_value(
    run: OneBackend, case: Case
) -> Agreement:
    """The window counts the token itself, and here nothing else."""
    one = with_config(case, window=1).with_inputs(mask=None)
    return compare(case.inputs["values"], run(one), run.rounding(one))


def a_window_as_long_as_the_text_is_causal(run: OneBackend, case: Case) -> Agreement:
    """Then only the future is hidden."""
    n_queries, n_keys = (case.inputs[n].shape[-2] for n in ("queries", "keys"))
    wide = with_config(case, window=max(n_keys, 1))
    mask = causal_mask(n_queries, n_keys)
    if case.inputs["mask"] is not None:
        mask = mask & case.inputs["mask"]
    causal = Case({"scale": case.config["scale"]}, {**case.inputs, "mask": mask})
    expected = by_torch("attention/scaled_dot_product", causal)
    return compare(expected, run(wide), run.rounding(wide))


def ring_of(run: OneBackend, window: int) -> Any:
    """Make the ring that stands beside the implementation."""
    return import_module(run.part.__module__).RingCache(window)


def through(run: OneBackend, case: Case, ring: Any, first: int, end: int) -> Array:
    """Send some tokens of a text through a ring, and let the window attend."""
    own = {
        name: run.backend.own(array[..., first:end, :])
        for name, array in case.inputs.items()
        if name != "mask"
    }
    with unchecked():
        keys, values = ring.append(own["keys"], own["values"])
        return as_array(run.part(**case.config)(own["queries"], keys, values))


def through_a_ring_a_text_gives_what_it_gives_whole(
    run: OneBackend, case: Case
) -> Agreement:
    """In chunks of any sizes, longer than the window, or empty."""
    n_tokens = case.inputs["keys"].shape[-2]
    rng = case.stream("chunks")
    cuts = np.sort(rng.integers(0, n_tokens + 1, rng.integers(0, 6))).tolist()
    ring = ring_of(run, case.config["window"])
    chunks = [
        through(run, case, ring, first, end)
        for first, end in zip([0, *cuts], [*cuts, n_tokens], strict=True)
    ]
    return compare(run(case), np.concatenate(chunks, axis=-2), run.rounding(case))


def token_by_token_a_ring_gives_what_the_text_gives_whole(
    run: OneBackend, case: Case
) -> Agreement:
    """It wraps, again and again where the text is longer than twice the window."""
    ring = ring_of(run, case.config["window"])
    n_tokens = case.inputs["keys"].shape[-2]
    tokens = [through(run, case, ring, at, at + 1) for at in range(n_tokens)]
    return compare(run(case), np.concatenate(tokens, axis=-2), run.rounding(case))


def the_last_token_can_be_taken_back(run: OneBackend, case: Case) -> Agreement:
    """A ring of W slots has one more than the next query needs before it."""
    ring = ring_of(run, case.config["window"])
    n_tokens = case.inputs["keys"].shape[-2]
    half = n_tokens // 2
    first = through(run, case, ring, 0, half)
    if half < n_tokens:
        through(run, case, ring, n_tokens - 1, n_tokens)  # a draft
        ring.truncate(half)
    rest = through(run, case, ring, half, n_tokens)
    both = np.concatenate([first, rest], axis=-2)
    return compare(run(case), both, run.rounding(case))


def fused(case: Case) -> torch.Tensor:
    """Let PyTorch attend, with the mask of transformers' Mistral."""
    names = ("queries", "keys", "values")
    queries, keys, values = (torch.from_numpy(case.inputs[name]) for name in names)
    n_queries, n_keys = queries.shape[-2], keys.shape[-2]
    predicate = hf.sliding_window_causal_mask_function(case.config["window"])
    at = torch.arange(n_keys - n_queries, n_keys)[:, None], torch.arange(n_keys)
    mask = predicate(torch.tensor(0), torch.tensor(0), *at).expand(n_queries, n_keys)
    if case.inputs["mask"] is not None:
        mask = mask & torch.from_numpy(case.inputs["mask"])
    scale = case.config["scale"]
    return F.scaled_dot_product_attention(
        queries, keys, values, attn_mask=mask, scale=scale
    )


MODEL = """
<ir_version: 13, opset_import: ["": 25]>
attention ({type}[B, H, T, D] Q, {type}[B, H, T, D] K, {type}[B, H, T, E] V)
    => ({type}[B, H, T, E] Y)
{{
    Y = Attention <is_causal = 1, left_window_size = {left}> (Q, K, V)
}}
"""


@cache
def evaluator(type: str, window: int) -> Any:
    """Build ONNX's operator, which counts the keys to the left of a query's own."""
    onnx = pytest.importorskip("onnx", minversion="1.23")
    reference = pytest.importorskip("onnx.reference")
    text = MODEL.format(type=type, left=window - 1)
    return reference.ReferenceEvaluator(onnx.parser.parse_model(text))


def by_onnx(case: Case) -> Array:
    """Let ONNX's Attention look back as far as the window."""
    shaped = {
        theirs: case.inputs[own].reshape(-1, 1, *case.inputs[own].shape[-2:])
        for theirs, own in (("Q", "queries"), ("K", "keys"), ("V", "values"))
    }
    operator = evaluator(TYPES[case.dtype], case.config["window"])
    found = operator.run(None, shaped)[0]
    return found.reshape(case.inputs["values"].shape)


def probes(seed: int) -> Iterator[Probe]:
    """Make texts around tiles, windows that do not divide them, and an offset."""
    rows = ((17, 17, 5), (33, 65, 8), (65, 65, 64), (1, 65, 20), (64, 64, 65))
    for index, (n_queries, n_keys, window) in enumerate(rows):
        dtype = (np.float32, np.float64)[index % 2]
        sizes = (n_queries, n_keys, 8, 4)
        inputs = drawn_inputs(seed + index, (2, 3), sizes, dtype)
        case = Case({"window": window, "scale": None}, {**inputs, "mask": None})
        yield Probe(f"{n_queries} of {n_keys} tokens, window {window}", case)


@dataclass(frozen=True, repr=False)
class OfRing(Rejection):
    """What is rejected in the use of a ring of two slots that has seen three tokens."""

    use: Callable[..., Any] = print

    def ask(self, backend: Backend, part: Any) -> None:
        """Make the ring, and use it."""
        ring = import_module(part.__module__).RingCache(2)
        chunk = backend.own(np.zeros((1, 3, 4)))
        ring.append(chunk, chunk)
        self.use(ring, backend.own)


def appended(ring: Any, own: Any) -> None:
    """Append a chunk of two texts."""
    ring.append(own(np.zeros((2, 1, 4))), own(np.zeros((2, 1, 4))))


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_CORES,
        Property(keys_outside_of_the_window_have_no_influence, for_all=True),
        Property(later_keys_have_no_influence, for_all=True),
        Property(the_last_queries_give_the_last_rows, for_all=True),
        Property(only_the_window_before_is_needed, for_all=True),
        Property(a_window_of_one_gives_each_token_its_value, WHOLE),
        Property(a_window_as_long_as_the_text_is_causal),
        Property(through_a_ring_a_text_gives_what_it_gives_whole, WHOLE),
        Property(token_by_token_a_ring_gives_what_the_text_gives_whole, WHOLE),
        Property(the_last_token_can_be_taken_back, WHOLE),
    ),
    rejections=(
        *core_rejected([*BAD_CORE_INPUTS, *BAD_MASKS], FITTING, window=2),
        Rejection(ValueError, "window must be at least 1, got 0", {"window": 0}),
        Rejection(TypeError, "window must be an integer, got 2.0", {"window": 2.0}),
        OfRing(
            ValueError,
            "texts, heads and channels must be those of the ring, (1, 4), got (2, 4)",
            use=appended,
        ),
        OfRing(
            ValueError,
            "the ring can be cut to 2 up to 3 tokens, got 1",
            use=lambda ring, own: ring.truncate(1),
        ),
        OfRing(
            ValueError,
            "the ring can be cut to 2 up to 3 tokens, got 4",
            use=lambda ring, own: ring.truncate(4),
        ),
    ),
    oracles=(
        Oracle("F.scaled_dot_product_attention and transformers’ mask", fused),
        Oracle(
            "ONNX's Attention with a left window",
            by_onnx,
            WHOLE.map(lambda case: with_config(case, scale=None)),
        ),
    ),
    on_text=core_on_text(PATH, window=20, scale=None),
    examples=core_examples(PATH, window=2, scale=None),
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestSlidingWindowAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
