"""The delta rule: its properties, rejections, oracles and bridges."""

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.delta_properties import (
    OF_ALL_DELTA_RULES,
    with_orthonormal_keys,
)
from parity_tests.attention.recurrence_properties import (
    by_onnx,
    is_filled,
    like_the_case,
    naive,
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
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.oracles.float64 import in_float64

PATH = "attention/delta"
KIND = Recurrence(PATH, betas=True, query_scales=(1.0, 5.0, 30.0, 1e3))
CONFIGS = st.fixed_dictionaries(
    {
        "scale": st.sampled_from((None, None, 1.0, 0.25)),
        "chunk_size": st.sampled_from(CHUNK_SIZES),
    }
)
CASES = recurrent_cases(KIND, CONFIGS)
FILLED = CASES.filter(is_filled)


def with_orthonormal_keys_it_is_linear_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """From a state of zeros: no key meets what another has written."""
    case = with_orthonormal_keys(case)
    case = case.with_inputs(state=np.zeros_like(case.inputs["state"]))
    decays = np.zeros_like(case.inputs["betas"])
    linear = by_torch("attention/decayed_linear", plain(case, log_decays=decays))
    return compare([*linear], [*run(case)], 4 * run.rounding(case))


def fla(case: Case) -> tuple[Array, Array]:
    """Run the recurrence of fla-core, which has no other scale than 1/√D."""
    module = naive("delta_rule")
    own = {name: torch.from_numpy(array) for name, array in of_heads(case).items()}
    names = ("queries", "keys", "values", "betas", "state")
    with in_float64(module):
        found = module.delta_rule_recurrence(*(own[name] for name in names))
    dim = case.inputs["queries"].shape[-1]
    factor = (case.config["scale"] or dim**-0.5) * np.sqrt(dim)
    return like_the_case(case, factor * found[0], found[1])


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_DELTA_RULES,
        Property(with_orthonormal_keys_it_is_linear_attention),
    ),
    rejections=recurrent_rejections(KIND),
    oracles=(
        Oracle("ONNX's LinearAttention, delta", by_onnx, FILLED),
        Oracle("fla-core's delta_rule_recurrence", fla, FILLED),
    ),
    on_text=recurrent_on_text(KIND, scale=None, chunk_size=16),
    examples=recurrent_examples(KIND, scale=None),
    probes=recurrent_probes(KIND, scale=None),
    abilities=frozenset({"leading_axes"}),
)


class TestDeltaRuleAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
