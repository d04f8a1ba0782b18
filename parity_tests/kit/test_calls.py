"""What a call leaves behind is seen, and so is a fault that nobody declared."""

from functools import cache

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults import abilities, calls, calls_of_functions, faults_in

FAULTS = [f for of in (calls, abilities, calls_of_functions) for f in faults_in(of)]
STATE = [f for of in (calls, calls_of_functions) for f in faults_in(of) if f.is_wrong]
IN_PLACE = "ScalesItsInput"  # which is said in other words
BY_NAME = {str(fault): fault for fault in FAULTS}
UNREPEATABLE = "it gives different results for the same input: "
N_EXAMPLES = 10


@cache
def checked(fault):
    """Check one of the implementations; what is not tried is an error."""
    return check(Request(load(fault.pair), fault.target, N_EXAMPLES, strict=True))


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.is_wrong], ids=str)
def test_a_fault_is_seen(fault):
    verdict = checked(fault)

    assert not verdict.agrees
    assert verdict.first_difference
    if fault in STATE and str(fault) != IN_PLACE:
        assert verdict.first_difference.startswith(UNREPEATABLE)


@pytest.mark.parametrize("fault", [e for e in FAULTS if not e.is_wrong], ids=str)
def test_what_is_right_agrees(fault):
    verdict = checked(fault)

    assert verdict.agrees, verdict
    assert verdict.calls > 300


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("EveryHundredthCall", ", in call 100 of 300 with that input"),
        ("RaisesInCall150", "first it answers, then it raises RuntimeError: no room"),
        ("CachesByShape", ", on an object that was called before"),
        ("CachesByAddress", ", when one array is filled anew for each call"),
        ("ResultsInOneArray", ", in the same array, once another call was made"),
        ("CopiesParametersOnce", ", on an object that was given other parameters"),
        ("LastVocabularyForAll", ", while objects with other parameters are in use"),
        ("DropsAfterTraining", ", on an object that was trained in between"),
        ("SavesOnTheModule", ", where two forward passes come before the backward"),
    ],
)
def test_it_is_said_when_the_results_differ(name, message):
    assert message in checked(BY_NAME[name]).first_difference


@pytest.mark.parametrize(
    ("name", "ability", "reason"),
    [
        ("ThreeAxes", "leading_axes", "it raises ValueError: not enough values"),
        ("CountsAxesFromTheLeft", "leading_axes", "it raises IndexError"),
        ("ForInference", "gradients", "does not require grad"),
        ("WithoutDropout", "dropout", "in training it drops nothing"),
    ],
)
def test_a_module_may_lack_an_ability_and_it_is_said_why(name, ability, reason):
    verdict = checked(BY_NAME[name])

    assert verdict.agrees
    assert verdict.exit_status == 1
    assert [*verdict.not_tried] == [ability]
    assert reason in verdict.not_tried[ability]


@pytest.mark.parametrize("name", ["OwnDraws", "OwnGenerator", "TileByTile"])
def test_dropout_may_draw_other_numbers_than_pytorch_s(name):
    verdict = checked(BY_NAME[name])

    assert not verdict.not_tried
    assert "draws other random numbers than PyTorch's" in verdict.remarks[0]


@pytest.mark.parametrize("name", ["MaskThatGrows", "Fused"])
def test_dropout_that_draws_as_pytorch_does_is_compared_number_by_number(name):
    verdict = checked(BY_NAME[name])

    assert verdict.tried["dropout"] > 2
    assert not verdict.remarks


def test_a_declared_dropout_must_draw_as_pytorch_does():
    fault = BY_NAME["OwnDraws"]
    request = Request(
        load(fault.pair), fault.target, N_EXAMPLES, supports=frozenset({"dropout"})
    )

    assert not check(request).agrees
