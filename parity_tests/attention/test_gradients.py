"""Gradients of attention: by hand they are what autograd and a small step say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import compare
from parity_tests.attention.cases import numbers, unchecked
from parity_tests.attention.changes import in_evaluation, with_biases
from parity_tests.attention.curvature import step_and_error
from parity_tests.attention.gradient_yardsticks import gradient_yardsticks
from parity_tests.backward import reference_backward, reference_gradients
from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.concept import Case
from parity_tests.finite_difference import (
    direction_of,
    slope_by_difference,
    slope_by_gradients,
)
from parity_tests.gradients import compare_gradients
from parity_tests.known_mistakes import MISTAKES, mistaken_class
from parity_tests.known_mistakes.trial import cases_of
from parity_tests.panels import root
from parity_tests.precision import in_float64
from parity_tests.refusal import refusal
from parity_tests.steps import stepped_functions

VARIANTS = [each for each in CATALOGUE if each.group == "attention"]
CAUSAL = [each for each in VARIANTS if "causal" in each.supports]
BIASED = [each for each in VARIANTS if each.name in ("self_attention_v2", "causal")]

HALF = {"context_length": 4, "dropout": 0.5}
PINNED = {
    "simple": {},
    "self_attention_v1": {"d_in": 3, "d_out": 2},
    "self_attention_v2": {"d_in": 3, "d_out": 2, "qkv_bias": True},
    "causal": {"d_in": 3, "d_out": 2, "qkv_bias": True, **HALF},
    "multi_head_wrapper": {"d_in": 3, "d_out": 2, "num_heads": 2, **HALF},
    "multi_head": {"d_in": 3, "d_out": 4, "num_heads": 2, **HALF},
}


def each_of(variants):
    """Run a test for each of some variants."""
    names = [each.name for each in variants]
    return pytest.mark.parametrize("variant", variants, ids=names)


MISTAKEN = [
    each
    for each in MISTAKES
    if each.on_the_way_back and each.concept.startswith("attention/")
]

# Agreement


@each_of(VARIANTS)
@given(st.data())
def test_reference_and_autograd_agree(variant, data):
    comparison = compare_gradients(variant, data.draw(variant.cases))

    assert comparison.departure is None, str(comparison.departure)


@each_of(VARIANTS)
@given(st.data())
def test_gradients_are_the_slope_of_a_small_step(variant, data):
    case = in_float64(data.draw(variant.cases))
    with unchecked():
        expected, actual, off = slopes(variant, case)

    assert abs(expected - actual) <= off


def slopes(variant, case, reference=None):
    """Return the slope by difference, by gradients, and how far they can differ."""
    grad_output, _ = reference_backward(variant, case)
    direction = direction_of(case)
    step, off = step_and_error(case, grad_output, direction)
    difference = slope_by_difference(variant, case, grad_output, direction, step)
    return difference, slope_by_gradients(variant, case, direction, reference), off


@each_of(VARIANTS)
def test_autograd_passes_the_gradient_check_of_pytorch(variant):
    torch.manual_seed(0)
    module = variant.torch(**PINNED[variant.name]).double()
    names = [name for name, _ in module.named_parameters()]
    x = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)

    def run(x, *weights):
        torch.manual_seed(1)  # dropout spares the same weights each time
        state = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(module, state, (x,))

    assert torch.autograd.gradcheck(run, (x, *module.parameters()), fast_mode=True)


@each_of(VARIANTS)
def test_every_step_goes_back_and_is_compared(variant):
    path = root("reference") / f"{variant.path}.py"
    forward, back = stepped_functions(path, variant.path.replace("/", "."))
    case = next(case for case in cases_of(variant.path) if case.inputs["x"].size)
    quantities = compare_gradients(variant, case).quantities
    compared = {each.step for each in quantities if each.function == back.name}

    assert [each.number for each in back.steps] == [
        each.number for each in reversed(forward.steps)
    ]
    assert compared == {*back.steps}


def test_the_gradient_of_the_output_is_not_drawn_like_the_input():
    simple, shape = concept("simple"), (2, 4, 3)
    case = Case({}, {"x": numbers("normal", shape, seed=5)}, seed=5)
    grad_output, _ = reference_backward(simple, case)

    assert not compare(case.inputs["x"], grad_output, 0.01).holds


# Laws


@each_of(VARIANTS)
@given(st.data())
def test_twice_the_loss_has_twice_the_gradients(variant, data):
    case = data.draw(variant.cases)
    grad_output, backward = reference_backward(variant, case)
    twice = reference_gradients(variant, case, 2 * grad_output)
    rounding = gradient_yardsticks(case, 2 * grad_output)

    for name, actual in twice.items():
        assert compare(2 * backward.result[name], actual, rounding[name]).holds


@each_of(VARIANTS)
@given(st.data())
def test_the_gradients_of_texts_add_up(variant, data):
    case = in_evaluation(data.draw(variant.cases))
    x = case.inputs["x"]
    both = replace(case, inputs={"x": np.stack([x, 1 - x])})
    grad_output, backward = reference_backward(variant, both)
    alone = [
        reference_gradients(variant, replace(case, inputs={"x": text}), grad)
        for text, grad in zip(both.inputs["x"], grad_output, strict=True)
    ]
    rounding = gradient_yardsticks(both, grad_output)

    for name in case.weights:
        expected = alone[0][name] + alone[1][name]
        assert compare(expected, backward.result[name], rounding[name]).holds
    expected = np.stack([alone[0]["x"], alone[1]["x"]])
    assert compare(expected, backward.result["x"], rounding["x"]).holds


@each_of(CAUSAL)
@given(st.data())
def test_what_comes_later_gets_no_gradient(variant, data):
    case = data.draw(variant.cases)
    grad_output, _ = reference_backward(variant, case)
    first = data.draw(st.integers(0, grad_output.shape[-2]), label="first")
    grad_output[..., first:, :] = 0
    gradient = reference_gradients(variant, case, grad_output)["x"][..., first:, :]

    assert compare(np.zeros_like(gradient), gradient).holds


@each_of(BIASED)
@given(st.data())
def test_a_bias_of_keys_has_no_gradient(variant, data):
    case = with_biases(data.draw(variant.cases))
    grad_output, backward = reference_backward(variant, case)
    gradient = backward.result["W_key.bias"]
    rounding = gradient_yardsticks(case, grad_output)["W_key.bias"]

    assert compare(np.zeros_like(gradient), gradient, rounding).holds


@each_of(VARIANTS)
def test_what_is_given_is_left_as_it_was(variant):
    x, attention = (
        numbers("normal", (2, 4, 3), 0),
        variant.reference(**PINNED[variant.name]),
    )
    grad_output = np.ones_like(attention(x))
    attention.backward(grad_output)

    assert compare(numbers("normal", (2, 4, 3), 0), x).holds
    assert compare(np.ones_like(grad_output), grad_output).holds


# Refusals


@each_of(VARIANTS)
def test_there_is_no_way_back_before_the_way_forward(variant):
    attention = variant.reference(**PINNED[variant.name])
    actual = refusal(lambda: attention.backward(np.zeros((4, 3))))
    name = variant.class_name

    assert actual == (
        RuntimeError,
        f"backward undoes forward, which {name} has not run",
    )


@each_of(VARIANTS)
def test_a_gradient_that_is_not_of_the_output_is_refused(variant):
    attention = variant.reference(**PINNED[variant.name])
    output = attention(np.ones((2, 4, 3)))
    narrow = output.astype(np.float32)
    channels = output.shape[-1]

    assert refusal(lambda: attention.backward(output[0])) == (
        ValueError,
        f"grad_output must have shape (2, 4, {channels}), got (4, {channels})",
    )
    assert refusal(lambda: attention.backward(narrow)) == (
        TypeError,
        "grad_output must hold float64, got float32",
    )


# Proof that it can fail


@pytest.mark.parametrize("mistake", MISTAKEN, ids=lambda m: f"{m.concept}: {m.id}")
def test_a_small_step_finds_every_mistake(mistake):
    wrong, variant = mistaken_class(mistake), concept(mistake.concept)

    def departs(case: Case) -> bool:
        expected, actual, off = slopes(variant, in_float64(case), wrong)
        return abs(expected - actual) > off

    assert any(departs(case) for case in cases_of(variant.path))
