"""Gradients of other people's code are compared with the reference's, if declared."""

import numpy as np
import pytest

from parity_tests.catalogue import load
from parity_tests.contract.agreement import compare
from parity_tests.contract.case import Case
from parity_tests.contract.strategies import parameters_of
from parity_tests.kit.abilities import abilities_of
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.conventions import conventions_of, translated
from parity_tests.kit.gradients import restored

FOLDER = "parity_tests.kit.misbehaving_gradients"
GRADIENTS = frozenset({"gradients"})


def checked(name, examples=15, supports=GRADIENTS, **options):
    """Check a function, and its gradients, against simple self-attention."""
    target = f"{FOLDER}:{name}"
    request = Request(load("simple"), target, examples, supports=supports, **options)
    return check(request)


def test_right_gradients_agree():
    verdict = checked("agrees", examples=30)

    assert verdict.agrees, verdict
    assert verdict.tried["gradients"] == verdict.examples > 30  # fixed cases too
    assert [*verdict.not_tried] == ["leading_axes"]


def test_gradients_that_are_not_declared_are_not_tried():
    verdict = checked("raises", supports=frozenset())

    assert verdict.agrees, verdict
    assert [*verdict.not_tried] == ["gradients", "leading_axes"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "it raises ArithmeticError: no such luck"),
        ("gives_an_array", "it returns ndarray; expected gradients by name, in a dict"),
        ("gives_nothing", "it gives no gradient of x"),
        ("gives_more", "it gives a gradient of W_key, which it was not given"),
        ("gives_a_list", "it returns, for the gradient of x, list; expected a NumPy"),
        ("gives_half", "the gradient of x: expected float"),
        ("gives_one_axis_more", "in float64 of shape (1, 1, "),
        ("gives_nan", "the gradient of x: at [0, 0, 0]: expected "),
        ("doubles", "the gradient of x: at [0, "),
    ],
)
def test_what_its_gradients_are_is_reported(name, message):
    verdict = checked(name)

    assert verdict.exit_status == 1
    assert message in verdict.first_difference
    assert f"--impl {FOLDER}:{name} --supports gradients" in verdict.reproduce
    assert set(verdict.properties.values()) == {None}  # the forward pass is right


def test_a_backward_pass_that_hangs_is_given_up():
    verdict = checked("hangs", time_limit=0.5)

    assert verdict.first_difference == "it takes longer than 0.5 s"
    assert not verdict.properties


def test_abilities_are_those_of_the_pair():
    assert abilities_of(load("causal")) == {"dropout", "gradients", "leading_axes"}
    assert abilities_of(load("primitives/dropout")) >= {"dropout", "gradients"}
    assert abilities_of(load("simple")) == {"gradients", "leading_axes"}
    assert abilities_of(load("windows")) == set()


@pytest.mark.parametrize("name", conventions_of(load("causal")))
def test_gradients_in_another_layout_are_laid_out_as_the_parameters_are(name):
    causal, config = load("causal"), {"d_in": 2, "d_out": 3, "context_length": 4}
    config |= {"dropout": 0.0, "qkv_bias": True}
    parameters = parameters_of(causal.path, config, 0, np.float64)
    case = Case(config, {"x": np.ones((1, 2))}, parameters)
    request = {"inputs": {}, "parameters": {**parameters}}
    moved = translated(causal, [name], request)["parameters"]
    x = np.ones(3)

    actual = restored(causal, [name], case, {"x": x, **moved})

    assert actual.keys() == {"x", *parameters}
    for key, array in {"x": x, **parameters}.items():
        assert compare(array, actual[key]).holds, key
