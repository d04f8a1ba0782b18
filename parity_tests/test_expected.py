"""A case in float32 is held to the truth: both sides, at every step."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.expected import expected
from parity_tests.precision import in_float64, rounded

CAUSAL = concept("causal")
SOFTMAX = torch.Tensor.softmax


@pytest.fixture
def case():
    """Return small tokens and a large one at the end, which alone has steep scores.

    A bound is as wide as the largest scores want it.
    """
    config = {"d_in": 4, "d_out": 4, "context_length": 6, "dropout": 0.0}
    weights = {f"W_{n}.weight": np.eye(4) for n in ("query", "key", "value")}
    x = np.random.default_rng(0).normal(size=(6, 4))
    x[-1] *= 100
    return rounded(Case(config, {"x": x}, weights), "float32")


def through_float16(scores, **options):
    """Round weights to float16."""
    return SOFTMAX(scores, **options).half().to(scores.dtype)


def test_both_sides_are_compared_at_every_step(case):
    comparison = CAUSAL.compare(case)

    assert comparison.departure is None, str(comparison.departure)
    assert comparison.n_steps == 6
    assert {each.agreement.dtype for each in comparison.quantities} >= {"float32"}
    assert 0 < comparison.score < 8
    compared = [each.side for each in comparison.quantities if each.name == "weights"]
    assert compared == ["reference", "torch_impl"]


def test_a_case_in_float64_has_one_side_to_compare(case):
    comparison = CAUSAL.compare(in_float64(case))

    assert comparison.departure is None, str(comparison.departure)
    assert {each.side for each in comparison.quantities} == {""}


def test_weights_that_went_through_float16_are_found_and_the_side_is_named(case):
    with mock.patch.object(torch.Tensor, "softmax", through_float16):
        departure = CAUSAL.compare(case).departure

    assert str(departure).startswith(
        "attention.causal.CausalAttention.forward, step 4. Turn each row of scores "
        "into weights that sum to one.\n  weights of torch_impl: at ["
    )


def test_the_bound_alone_would_not_have_found_them(case):
    held = expected(CAUSAL, case)

    assert CAUSAL.bounds(case)["weights"] > 100 * held.yardsticks["weights"]


def test_another_dtype_than_that_of_the_case_is_a_departure(case):
    wide = replace(CAUSAL, run_torch=lambda *run: CAUSAL.run_torch(*run).double())
    departure = wide.compare(case).departure

    assert (departure.name, departure.side) == ("result", "torch_impl")
    assert departure.agreement.reason == "expected float32, got float64"


def test_a_reference_of_another_dtype_departs_as_well(case):
    def run(class_, case):
        return CAUSAL.run_reference(class_, case).astype(np.float64)

    departure = replace(CAUSAL, run_reference=run).compare(case).departure

    assert (departure.name, departure.side) == ("result", "reference")
    assert departure.agreement.reason == "expected float32, got float64"


def test_each_quantity_has_a_yardstick_and_no_other_value_has_one(case):
    stored = {
        name: value
        for snapshot in expected(CAUSAL, case).recording.invocations[0].snapshots
        for name, value in snapshot.values.items()
    }
    floats = {name for name, value in stored.items() if np.shape(value)[-2:] == (6, 6)}

    yardsticks = CAUSAL.yardsticks(case)
    assert yardsticks.keys() >= {"queries", "keys", "values", "context", "result"}
    assert yardsticks.keys() >= floats - {"visible"}
    assert not yardsticks.keys() & {"visible", "scale", "spared", "raise_by"}


def test_a_case_is_run_once_for_all_that_ask(case):
    assert expected(CAUSAL, case) is expected(CAUSAL, case)
    assert expected(CAUSAL, case) is not expected(CAUSAL, replace(case))
