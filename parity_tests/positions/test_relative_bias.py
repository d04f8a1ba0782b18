"""Attention with a relative bias: its properties, oracles and bridges."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.models.t5 import modeling_t5

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import with_config, with_parameters
from parity_tests.attention.kernels import (
    causal_mask,
    core_cases,
    core_examples,
    core_on_text,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
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
from parity_tests.positions.test_alibi import CASES as ALIBI_CASES
from parity_tests.positions.test_alibi import slopes_of

PATH = "positions/relative_bias"
TABLE = "relative_attention_bias.weight"
T5 = modeling_t5.T5Attention
SIZES = ((32, 128), (4, 3), (6, 7), (8, 20), (8, 5))
configs = st.builds(
    lambda heads, sizes, both: {
        "num_heads": heads,
        "num_buckets": sizes[0],
        "max_distance": sizes[1],
        "bidirectional": both,
    },
    *(st.sampled_from(HEADS), st.sampled_from(SIZES), st.booleans()),
)
CASES = core_cases(PATH, configs, n_heads=lambda config: config["num_heads"])


def a_table_of_zeros_is_plain_attention_without_scale(
    run: OneBackend, case: Case
) -> Agreement:
    """Nothing is added, and nothing divides by √D."""
    case = with_parameters(case, {TABLE: np.zeros_like(case.parameters[TABLE])})
    plain = Case({"scale": 1.0}, case.inputs)
    expected = by_torch("attention/scaled_dot_product", plain)
    return compare(expected, run(case), run.rounding(case))


def a_table_that_is_a_line_is_alibi(run: OneBackend, case: Case) -> Agreement:
    """With a bucket for each distance, -m · d for d; queries are divided by √D."""
    wide = {"num_buckets": 32, "max_distance": 99, "bidirectional": False}
    sizes = case.inputs["queries"].shape[-2], case.inputs["keys"].shape[-2]
    case = case.with_inputs(mask=mask_of(case) & causal_mask(*sizes))
    table = -slopes_of(case).reshape(1, -1) * np.arange(32)[:, None]
    scale = case.inputs["queries"].shape[-1] ** -0.5
    queries = (scale * case.inputs["queries"]).astype(case.dtype)
    line = with_config(case.with_inputs(queries=queries), **wide)
    line = replace(line, parameters={TABLE: table.astype(case.dtype)})
    expected = by_torch("positions/alibi", case)
    return compare(expected, run(line), 2 * run.rounding(line))


def a_number_added_to_a_heads_table_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """All scores of a query grow by it, and softmax does not see that."""
    more = case.parameters[TABLE] + np.asarray(1, case.dtype)
    case, higher = with_parameters(case, {}), with_parameters(case, {TABLE: more})
    return compare(run(case), run(higher), run.rounding(case) + run.rounding(higher))


def the_gradient_of_a_heads_table_sums_to_zero(
    run: OneBackend, case: Case
) -> Agreement:
    """For the same reason: a number added to all of it changes nothing."""
    total = run.gradients(case)[TABLE].sum(axis=0)
    unit = len(case.parameters[TABLE]) * run.gradient_rounding(case, TABLE)
    return compare(np.zeros_like(total), total, unit)


def a_bucket_that_no_distance_is_in_has_no_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """Nobody looked its row up."""
    unused = np.ones(case.config["num_buckets"], bool)
    unused[run.quantity("buckets", case)] = False
    gradient = run.gradients(case)[TABLE][unused]
    return compare(np.zeros_like(gradient), gradient)


def keys_further_than_the_last_border_may_change_places(
    run: Implementation, case: Case
) -> Agreement:
    """They are in one bucket: no distance is told from another there."""
    n_keys = case.inputs["keys"].shape[-2]
    one, other = n_keys - 2, n_keys - 1  # of the last query from the first two keys
    case = case.with_inputs(queries=case.inputs["queries"][..., -1:, :], mask=None)
    if one < case.config["max_distance"] or other < 1:
        return compare(0, 0)
    order = [1, 0, *range(2, n_keys)]
    moved = {name: case.inputs[name][..., order, :] for name in ("keys", "values")}
    return compare(run(case), run(case.with_inputs(**moved)), run.rounding(case))


def t5(case: Case) -> torch.Tensor:
    """Add the bias of transformers' T5, whose encoder is bidirectional."""
    config, between = case.config, torch.from_numpy(-distances(case))
    names = ("bidirectional", "num_buckets", "max_distance")
    with in_float64(modeling_t5):
        buckets = T5._relative_position_bucket(between, *map(config.get, names))
    table = torch.from_numpy(case.parameters[TABLE])
    return attended(case, 1.0, table[buckets].movedim(-1, 0))


def rejected(text: str, **config: object) -> Rejection:
    """Make a rejection of sizes of the table."""
    return Rejection(ValueError, text, {"num_heads": 1, **config})


USUAL = {"num_buckets": 6, "max_distance": 7, "bidirectional": False}
PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_DISTANCES,
        Property(a_table_of_zeros_is_plain_attention_without_scale),
        Property(a_table_that_is_a_line_is_alibi, ALIBI_CASES),
        Property(a_number_added_to_a_heads_table_changes_nothing),
        Property(the_gradient_of_a_heads_table_sums_to_zero),
        Property(a_bucket_that_no_distance_is_in_has_no_gradient),
        Property(keys_further_than_the_last_border_may_change_places, for_all=True),
    ),
    rejections=(
        *distance_rejected(),
        rejected("num_buckets must be 2 or more, got 1", num_buckets=1),
        rejected(
            *("num_buckets must be even, 4 or more, got 5",),
            num_buckets=5,
            bidirectional=True,
        ),
        rejected(
            *("max_distance must be above the 16 exact buckets, got 16",),
            max_distance=16,
        ),
    ),
    oracles=(Oracle("transformers’ _relative_position_bucket of T5", t5),),
    on_text=core_on_text(PATH, num_heads=2),
    examples=core_examples(PATH, heads=(3,), num_heads=3, **USUAL),
    probes=distance_probes(PATH, num_buckets=8, max_distance=20, bidirectional=True),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestRelativeBiasAttention(PairTests):
    """All that is asked of every pair, the buckets of T5, and modules of PyTorch."""

    pair = PAIR

    @pytest.mark.parametrize("bidirectional", [False, True])
    def test_buckets_are_those_of_transformers_at_every_distance(self, bidirectional):
        away = np.arange(-300, 301)[None]
        expected = T5._relative_position_bucket(torch.from_numpy(-away), bidirectional)
        for backend in (REFERENCE, TORCH):
            attend = PAIR.part(backend)(1, bidirectional=bidirectional)

            assert compare(expected, attend.buckets(backend.own(away))).holds

    def test_buckets_of_a_decoder_begin_where_the_paper_has_them_begin(self):
        """16 of a distance each, then wider by the sixteenth root of 8."""
        starts = PAIR.part(REFERENCE)(1).starts
        by_hand = [*range(1, 17), 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87]

        assert [*starts] == [*by_hand, 99, 113]

    def test_a_module_made_on_meta_has_its_borders_when_it_leaves(self):
        with torch.device("meta"):
            module = PAIR.part(TORCH)(1)
        away = torch.arange(200)[None]
        expected = PAIR.part(TORCH)(1).buckets(away)

        assert [*module.state_dict()] == [TABLE]
        assert compare(expected, module.to_empty(device="cpu").buckets(away)).holds
