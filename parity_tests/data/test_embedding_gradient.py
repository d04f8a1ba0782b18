"""Gradients of embeddings: by hand they are what autograd and a step say."""

import numpy as np
import torch
from hypothesis import given

from parity_tests.backward import reference_backward
from parity_tests.catalogue import concept
from parity_tests.finite_difference import (
    direction_of,
    slope_by_difference,
    slope_by_gradients,
)
from parity_tests.gradients import compare_gradients
from parity_tests.precision import in_float64
from parity_tests.refusal import refusal

EMBEDDING = concept("embedding")

# Agreement


@given(EMBEDDING.cases)
def test_reference_and_autograd_agree(case):
    comparison = compare_gradients(EMBEDDING, case)

    assert comparison.departure is None, str(comparison.departure)


@given(EMBEDDING.cases)
def test_gradients_are_the_slope_of_any_step(case):
    """An embedding is linear in its weights, so a step may be as long as it likes.

    Each of the n numbers that come out is off by a few roundings of its size; adding
    n of them up adds n more.
    """
    case = in_float64(case)
    grad_output, _ = reference_backward(EMBEDDING, case)
    direction = direction_of(case)
    largest = sum(np.abs(each).max() for each in case.weights.values())
    largest += sum(np.abs(each).max() for each in direction.values())
    n = grad_output.size
    off = (n + 8) * np.finfo(float).eps * largest * np.abs(grad_output).sum()
    expected = slope_by_difference(EMBEDDING, case, grad_output, direction, 1.0)

    assert abs(expected - slope_by_gradients(EMBEDDING, case, direction)) <= off


def test_autograd_passes_the_gradient_check_of_pytorch():
    torch.manual_seed(0)
    embed = EMBEDDING.torch(5, 3, context_length=4).double()
    ids = torch.tensor([[4, 0, 4], [1, 4, 4]])
    names = [name for name, _ in embed.named_parameters()]

    def run(*weights):
        state = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(embed, state, (ids,))

    assert torch.autograd.gradcheck(run, (*embed.parameters(),), fast_mode=True)


# Laws


@given(EMBEDDING.cases)
def test_gradients_look_like_what_they_are_gradients_of(case):
    _, backward = reference_backward(EMBEDDING, case)
    actual = {name: (g.shape, g.dtype) for name, g in backward.result.items()}

    assert actual == {name: (w.shape, w.dtype) for name, w in case.weights.items()}


@given(EMBEDDING.cases)
def test_what_is_not_used_has_no_gradient(case):
    _, backward = reference_backward(EMBEDDING, case)
    ids = case.inputs["ids"]
    tokens = backward.result["token_embedding.weight"]
    positions = backward.result["position_embedding.weight"]
    unused = np.setdiff1d(np.arange(case.config["vocab_size"]), ids)

    assert not tokens[unused].any()
    assert not positions[ids.shape[-1] :].any()


# Refusals


def test_there_is_no_way_back_before_the_way_forward():
    embed = EMBEDDING.reference(2, 3, context_length=4)
    words = "backward undoes forward, which TokenAndPositionEmbedding has not run"

    assert refusal(lambda: embed.backward(np.zeros((4, 3)))) == (RuntimeError, words)
