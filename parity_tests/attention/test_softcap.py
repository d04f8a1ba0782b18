"""Softcapped attention: its properties, rejections, oracles and bridges."""

import warnings

import torch
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import flex_attention

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import with_config
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
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection

PATH = "attention/softcap"
configs = st.fixed_dictionaries(
    {
        "cap": st.sampled_from((0.5, 1.0, 5.0, 50.0, 1000.0)),
        "scale": st.sampled_from((None, None, 0.25)),
    }
)


def without_a_cap_it_is_scaled_dot_product_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """Far below the cap the hyperbolic tangent is the identity, to the last digits."""
    case = with_config(case, cap=2.0**60)
    plain = Case({"scale": case.config["scale"]}, case.inputs)
    expected = by_torch("attention/scaled_dot_product", plain)
    return compare(expected, run(case), run.rounding(case))


def no_score_gets_past_the_cap(run: OneBackend, case: Case) -> Agreement:
    """In either direction, however long queries and keys are."""
    capped, cap = run.quantity("capped_scores", case), case.config["cap"]
    return compare(capped.clip(-cap, cap), capped)


def half_the_scale_takes_twice_the_queries(run: OneBackend, case: Case) -> Agreement:
    """The cap sees the scores as they are scaled, and these are the same."""
    dim = case.inputs["queries"].shape[-1]
    scale, cap = case.config["scale"] or dim**-0.5, case.config["cap"]
    once = with_config(case, cap=cap, scale=scale)
    twice = with_config(case, cap=cap, scale=scale / 2)
    twice = twice.with_inputs(queries=2 * case.inputs["queries"])
    return compare(run(once), run(twice), run.rounding(once))


def flexible(case: Case) -> torch.Tensor:
    """Change the scores as they pass through PyTorch's flex attention."""
    names = ("queries", "keys", "values")
    own = {n: torch.from_numpy(case.inputs[n]) for n in names}
    leading = own["queries"].shape[:-2]
    queries, keys, values = (t.reshape(-1, 1, *t.shape[-2:]) for t in own.values())
    mask = torch.from_numpy(case.inputs["mask"])
    mask = mask.expand(*leading, *mask.shape[-2:]).reshape(-1, *mask.shape[-2:])
    cap = case.config["cap"]

    def bend(score, batch, head, query, key):
        capped = cap * torch.tanh(score / cap)
        return torch.where(mask[batch, query, key], capped, -torch.inf)

    scale = case.config["scale"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # uncompiled, it is slow
        context = flex_attention(queries, keys, values, score_mod=bend, scale=scale)
    return context.reshape(*leading, *context.shape[-2:])


def for_flex(case: Case) -> bool:
    """Whether nothing is empty, and there is a mask."""
    return case.inputs["mask"] is not None and all(v.size for v in case.inputs.values())


def probes(seed: int) -> list[Probe]:
    """Try sizes beside a tile, and scores far above the cap."""
    inputs = drawn_inputs(seed, (2, 3), (33, 65, 16, 17), scale=30.0)
    inputs["mask"] = causal_mask(33, 65)
    case = Case({"cap": 5.0, "scale": None}, inputs, seed=seed)
    return [
        Probe("33 queries over 65 keys, with scores far above the cap", case),
        Probe("the same in float32", case.astype("float32")),
    ]


PAIR = Pair(
    path=PATH,
    cases=core_cases(PATH, configs),
    properties=(
        *OF_ALL_CORES,
        *WITH_MASK,
        Property(without_a_cap_it_is_scaled_dot_product_attention),
        Property(no_score_gets_past_the_cap),
        Property(half_the_scale_takes_twice_the_queries, for_all=True),
    ),
    rejections=(
        Rejection(ValueError, "cap must be finite and above 0, got 0", {"cap": 0}),
        Rejection(TypeError, "cap must be a number, got None", {"cap": None}),
        *core_rejected([*BAD_CORE_INPUTS, *BAD_MASKS], cap=1.0),
    ),
    oracles=(
        Oracle(
            "flex_attention with a score_mod",
            flexible,
            core_cases(PATH, configs).filter(for_flex),
        ),
    ),
    on_text=core_on_text(PATH, cap=5.0, scale=None),
    examples=core_examples(PATH, cap=2.0, scale=None),
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestSoftcappedAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
