"""Gradients of other people's code: held to the reference's if they are declared."""

import numpy as np
import pytest

from parity_tests.agreement import compare
from parity_tests.catalogue import concept
from parity_tests.kit.asking import Request
from parity_tests.kit.capabilities import capabilities_of
from parity_tests.kit.check import check
from parity_tests.kit.conventions import conventions_of, translated
from parity_tests.kit.way_back import restored
from parity_tests.known_mistakes.trial import cases_of

FOLDER = "parity_tests.kit.misbehaving_back"
GRADIENTS = frozenset({"gradients"})


def checked(name, examples=15, supports=GRADIENTS):
    """Check a function, and its gradients, against simple self-attention."""
    target = f"{FOLDER}:{name}"
    return check(Request(concept("simple"), target, examples, supports=supports))


def test_right_gradients_agree():
    verdict = checked("agrees", examples=30)

    assert verdict.agrees, verdict
    assert verdict.tried["gradients"] == verdict.examples == 30
    assert verdict.not_tried == ["leading_axes"]


def test_gradients_that_are_not_declared_are_not_tried():
    verdict = checked("raises", supports=frozenset())

    assert verdict.agrees, verdict
    assert verdict.not_tried == ["gradients", "leading_axes"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "it raises ArithmeticError: no way back"),
        ("gives_an_array", "it returns ndarray, where gradients by name are due"),
        ("gives_nothing", "it gives no gradient of x"),
        ("gives_more", "it gives a gradient of W_key, which it was not given"),
        ("gives_a_list", "it gives for the gradient of x list, where an array is due"),
        ("gives_half", "it gives a gradient of x in float16 of shape"),
        ("gives_one_axis_more", "in float64 of shape (1, 1, "),
        ("gives_nan", "it gives NaN in the gradient of x"),
        ("doubles", "the gradient of x at [0, 0, 0]: expected"),
    ],
)
def test_what_it_does_on_the_way_back_is_what_is_said(name, said):
    verdict = checked(name)

    assert verdict.exit_status == 1
    assert said in verdict.first_difference
    assert f"--impl {FOLDER}:{name} --supports gradients" in verdict.rerun
    assert set(verdict.laws.values()) == {None}  # there is nothing wrong there


def test_what_hangs_on_the_way_back_is_given_up():
    target = f"{FOLDER}:hangs"
    request = Request(concept("simple"), target, supports=GRADIENTS, time_limit=0.5)
    verdict = check(request)

    assert verdict.first_difference == "it takes longer than 0.5 s"
    assert not verdict.laws


def test_only_pairs_with_gradients_know_them():
    known = {name: capabilities_of(concept(name)) for name in ("causal", "windows")}

    assert "gradients" in known["causal"]
    assert "gradients" not in known["windows"]


@pytest.mark.parametrize("name", conventions_of(concept("causal")))
def test_gradients_in_another_layout_are_laid_out_as_the_weights_are(name):
    causal = concept("causal")
    case = next(case for case in cases_of(causal.path) if case.config["qkv_bias"])
    request = {"inputs": {}, "weights": {**case.weights}}
    moved = translated(causal, [name], request)["weights"]
    x = np.ones(3)

    actual = restored(causal, [name], case, {"x": x, **moved})

    assert actual.keys() == {"x", *case.weights}
    for key, array in {"x": x, **case.weights}.items():
        assert compare(array, actual[key]).holds, key
