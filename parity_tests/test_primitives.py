"""What the reference builds on is what PyTorch has: exact on small whole numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from parity_tests.refusal import refusal
from reference.primitives.dropout_mask import refuse_keep
from reference.primitives.embedding import Embedding
from reference.primitives.linear import Linear

SHAPES = st.sampled_from([(3,), (4, 3), (2, 4, 3), (0, 3)])


def whole(shape, seed):
    """Draw small whole numbers, whose products and sums are exact."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(float)


def lists(gradients):
    """Write gradients as plain lists, by name."""
    return {name: gradient.tolist() for name, gradient in gradients.items()}


def linear(weight, bias):
    """Make a `Linear` of three channels with these weights."""
    d_out, d_in = weight.shape
    made = Linear(d_in, d_out, bias is not None, np.random.default_rng(0))
    made.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return made


# Bridges


@given(SHAPES, st.booleans(), st.integers(0, 99))
def test_a_linear_map_and_its_gradients_are_those_of_torch(shape, biased, seed):
    x, weight = whole(shape, seed), whole((2, 3), seed + 1)
    bias = whole(2, seed + 2) if biased else None
    grad_output = whole((*shape[:-1], 2), seed + 3)
    named = {"x": x, "weight": weight} | ({"bias": bias} if biased else {})
    leaves = {n: torch.from_numpy(a).requires_grad_() for n, a in named.items()}
    mapped = F.linear(*leaves.values())
    mapped.backward(torch.from_numpy(grad_output))
    expected = {name: leaf.grad for name, leaf in leaves.items()}
    made = linear(weight, bias)

    assert made(x).tolist() == mapped.tolist()
    assert lists(made.backward(grad_output)) == lists(expected)


@given(st.lists(st.integers(0, 3), max_size=6), st.integers(0, 99))
def test_an_embedding_and_its_gradient_are_those_of_torch(ids, seed):
    weight, grad_output = whole((4, 2), seed), whole((len(ids), 2), seed + 1)
    leaf = torch.from_numpy(weight).requires_grad_()
    rows = F.embedding(torch.tensor(ids, dtype=torch.int64), leaf)
    rows.backward(torch.from_numpy(grad_output))
    made = Embedding(4, 2, np.random.default_rng(0))
    made.load_state_dict({"weight": weight})

    assert made(np.array(ids, np.int64)).tolist() == rows.tolist()
    assert lists(made.backward(grad_output)) == {"weight": leaf.grad.tolist()}


def test_weights_begin_within_the_bound_that_torch_draws_from():
    made = Linear(4, 500, bias=True, rng=np.random.default_rng(0))

    for array in made.state_dict().values():
        assert -0.5 <= array.min() < -0.49
        assert 0.49 < array.max() <= 0.5


# Refusals


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (None, None),
        (np.ones((2, 3), bool), None),
        (
            np.ones((2, 3)),
            (TypeError, "keep must hold truth values, got float64"),
        ),
        (
            np.ones((3, 2), bool),
            (ValueError, "keep must have shape (2, 3), got (3, 2)"),
        ),
        (
            [[True] * 3] * 2,
            (TypeError, "keep must be an array of this backend, got list"),
        ),
    ],
)
def test_a_dropout_mask_is_a_truth_value_for_each_weight(keep, expected):
    assert refusal(lambda: refuse_keep(keep, (2, 3))) == expected
