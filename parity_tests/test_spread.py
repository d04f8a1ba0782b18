"""Low precision is held to the truth by the spread of equal evaluations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import LIMIT, as_array, compare
from parity_tests.attention.cases import unchecked, with_mask
from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.concept import Case
from parity_tests.known_mistakes.trial import cases_of
from parity_tests.precision import fitted, in_float64, rounded, run_torch_in, times
from parity_tests.spread import judge, spread, truth

ROUNDED = [each for each in CATALOGUE if each.group in ("data", "attention")]
ROUNDED = [each for each in ROUNDED if each.name != "windows"]
CAUSAL = concept("causal")
HUGE = Case({}, {"x": np.full((2, 2), 1e4, np.float32)})

every_concept = pytest.mark.parametrize(
    "concept", ROUNDED, ids=[each.name for each in ROUNDED]
)


@pytest.fixture
def case():
    """Return a case of causal attention that has tokens to get wrong."""
    return next(
        rounded(each, "float32")
        for each in cases_of("attention/causal")
        if each.inputs["x"].size > 9 and not each.training
    )


@every_concept
@given(st.data())
def test_both_sides_in_float32_agree_with_the_truth(concept, data):
    case = rounded(data.draw(concept.cases), "float32")
    with unchecked():
        expected, yardstick = truth(concept, case), spread(concept, case, "float32")
        sides = [
            concept.run_reference(concept.reference, case),
            as_array(run_torch_in(concept, case, "float32")),
        ]

    for actual in sides:
        agreement = compare(expected, actual.astype(float), yardstick)
        assert agreement.holds, agreement.reason


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@every_concept
@given(st.data())
def test_torch_in_low_precision_agrees_with_the_truth(concept, dtype, data):
    case = fitted(concept, data.draw(concept.cases), dtype)
    with unchecked():
        output = run_torch_in(concept, case, dtype)
        agreement = judge(concept, case, dtype, output)

    assert agreement.holds, agreement.reason


@every_concept
@given(st.data())
def test_permuted_channels_change_nothing_in_exact_numbers(concept, data):
    case = in_float64(data.draw(concept.cases))
    other, back = concept.permuted(case, np.random.default_rng(case.seed))
    with unchecked():
        actual = concept.run_reference(concept.reference, other)[..., back]
    rounding = concept.yardsticks(case).get("result", 0.0)

    assert compare(truth(concept, case), actual, rounding).holds


@every_concept
def test_every_channel_is_permuted(concept):
    for case in cases_of(concept.path)[:50]:
        moved = set()
        for seed in range(20):
            other, _ = concept.permuted(case, np.random.default_rng(seed))
            moved |= {
                name
                for name, array in case.weights.items()
                if not np.array_equal(array, other.weights[name])
            }
        wide = {
            name
            for name, array in case.weights.items()
            if case.config.get("num_heads", 1) == 1
            and min(array.shape) > 1
            and len(np.unique(array)) == array.size
        }
        assert wide - {"out_proj.bias"} <= moved


def test_tokens_that_are_all_alike_still_show_how_steep_their_scores_are():
    """Where equal scores are rounded alike, permuting alone gives the floor.

    A library may round two equal scores differently, and does for some sizes. Where
    dropout takes one of them away, that is worth as much as the scores are large.
    """
    config = {"d_in": 4, "d_out": 4, "context_length": 6, "dropout": 0.5}
    weights = {f"W_{n}.weight": np.eye(4) for n in ("query", "key", "value")}
    x = np.tile(np.linspace(10, 12, 4), (6, 1))
    steep = with_mask(Case(config, {"x": x}, weights, training=True))
    steep = rounded(steep, "float32")
    spreads = [spread(CAUSAL, times(steep, scale), "float32") for scale in (0.01, 1)]

    assert spreads[1] > 1000 * spreads[0]


# Proof that it can fail


def test_another_dtype_is_no_agreement(case):
    output = run_torch_in(CAUSAL, case, "float32")

    assert judge(CAUSAL, case, "float32", output).holds
    assert not judge(CAUSAL, case, "float32", output.double()).holds
    assert not judge(CAUSAL, case, "bfloat16", output).holds


def test_ten_yardsticks_are_too_far_and_not_a_number_is_farther(case):
    exact = truth(CAUSAL, case).astype(np.float32)
    yardstick = spread(CAUSAL, case, "float32")

    for n_yardsticks in (LIMIT + 2, np.nan):
        output = exact.copy()
        output.flat[-1] += np.float32(n_yardsticks * yardstick)
        assert not judge(CAUSAL, case, "float32", output).holds


def test_float32_that_went_through_bfloat16_is_found(case):
    output = run_torch_in(CAUSAL, case, "float32")

    assert not judge(CAUSAL, case, "float32", output.bfloat16().float()).holds


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_case_that_does_not_fit_is_no_case():
    simple = concept("simple")
    output = torch.zeros(2, 2, dtype=torch.float16)

    with pytest.raises(ValueError, match="does not fit float16"):
        judge(simple, HUGE, "float16", output)
    assert judge(simple, HUGE, "float32", run_torch_in(simple, HUGE, "float32")).holds
