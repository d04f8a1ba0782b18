"""Low precision is held to the truth by the spread of equal evaluations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import LIMIT, compare
from parity_tests.attention.cases import unchecked, with_mask
from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.concept import Case
from parity_tests.expected import expected, expected_in, yardsticks
from parity_tests.known_mistakes.trial import cases_of
from parity_tests.precision import fitted, in_float64, rounded, run_torch_in, times
from parity_tests.recording import record
from parity_tests.spread import floating
from parity_tests.vectors.contents import ROUNDS_LIKE

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


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@every_concept
@given(st.data())
def test_torch_in_low_precision_agrees_with_the_truth(concept, dtype, data):
    case = fitted(concept, data.draw(concept.cases), dtype)
    with unchecked():
        output = run_torch_in(concept, case, dtype)
        agreement = expected_in(concept, case, dtype).judge(output)

    assert agreement.holds, agreement.reason


@every_concept
@given(st.data())
def test_permuted_channels_change_nothing_in_exact_numbers(concept, data):
    case = in_float64(data.draw(concept.cases))
    other, back = concept.permuted(case, np.random.default_rng(case.seed))
    with unchecked():
        held = expected(concept, case)
        actual = record(
            "reference", lambda: concept.run_reference(concept.reference, other)
        )

    stored, moved = floating(held.recording), floating(actual)
    assert {"return", "result"} <= stored.keys() == moved.keys()
    for name, arrays in stored.items():
        rounding = held.yardsticks.get(ROUNDS_LIKE.get(name, name), 0.0)
        in_order = [back(name, array) for array in moved[name]]
        assert compare(arrays, in_order, rounding).holds, name


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
    small, large = (
        yardsticks(CAUSAL, times(steep, scale))["result"] for scale in (0.01, 1)
    )

    assert large > 1000 * small


# Proof that it can fail


def test_another_dtype_is_no_agreement(case):
    output = run_torch_in(CAUSAL, case, "float32")

    assert expected(CAUSAL, case).judge(output).holds
    assert not expected(CAUSAL, case).judge(output.double()).holds
    assert not expected_in(CAUSAL, case, "bfloat16").judge(output).holds


def test_ten_yardsticks_are_too_far_and_not_a_number_is_farther(case):
    held = expected(CAUSAL, case)

    for n_yardsticks in (LIMIT + 2, np.nan):
        output = held.output.astype(np.float32)
        output.flat[-1] += np.float32(n_yardsticks * held.yardsticks["result"])
        assert not held.judge(output).holds


def test_float32_that_went_through_bfloat16_is_found(case):
    output = run_torch_in(CAUSAL, case, "float32")

    assert not expected(CAUSAL, case).judge(output.bfloat16().float()).holds


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_case_that_does_not_fit_is_no_case():
    simple = concept("simple")

    with pytest.raises(ValueError, match="does not fit float16"):
        expected_in(simple, HUGE, "float16")
    assert expected(simple, HUGE).judge(run_torch_in(simple, HUGE, "float32")).holds
