"""The book's variants spell out what primitives do: both are equal, bit by bit.

The primitives themselves are compared with PyTorch's in parity_tests/primitives.
"""

import numpy as np
import pytest

import reference
from parity_tests.lockstep.recording import record
from parity_tests.meta_tests.modules import ATTENTION, draw, twins
from reference import Tape
from reference.primitives.dropout import Dropout
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward


def stored_by(call):
    """Run the reference; return by name what its steps store."""
    return {
        name: value
        for invocation in record("reference", call).invocations
        for snapshot in invocation.snapshots
        for name, value in snapshot.values.items()
    }


@pytest.mark.parametrize("n_tokens", [0, 1, 5])
@pytest.mark.parametrize("path", [p for p in ATTENTION if not p.endswith("wrapper")])
def test_what_a_step_stores_is_what_its_primitive_makes(path, n_tokens):
    attention, x, tape = twins(path, dropout=0.5)[0], draw(2, n_tokens, 3), Tape()
    attention.rng = np.random.default_rng(7)
    made = stored_by(lambda: attention(x, tape))
    made |= stored_by(lambda: attention.backward(np.cos(x), tape))
    scores = "masked_scores" if "masked_scores" in made else "attn_scores"
    weights, grad_weights = made["attn_weights"], made["grad_attn_weights"]
    expected = {
        "attn_weights": softmax(made[scores]),
        f"grad_{scores}": softmax_backward(grad_weights, weights),
    }
    if "dropped_weights" in made:
        dropout = Dropout(0.5, rng=np.random.default_rng(7))
        expected["dropped_weights"] = dropout(weights, tape)
        grad = dropout.backward(made["grad_dropped_weights"], tape)
        expected["grad_attn_weights"] = grad

    assert {name: made[name].tolist() for name in expected} == {
        name: array.tolist() for name, array in expected.items()
    }


def test_every_head_of_the_wrapper_draws_a_mask_of_its_own():
    wrapper = reference.MultiHeadAttentionWrapper(3, 2, 5, 0.5, num_heads=2)
    wrapper.heads[1].load_state_dict(wrapper.heads[0].state_dict())
    context = wrapper(draw(8, 5, 3))

    assert (context[..., :2] != context[..., 2:]).any()


def test_a_linear_layer_takes_a_vector_as_it_takes_a_row():
    layer, x, grad, results = Linear(3, 2), draw(3), draw(2), []
    for shape in [(-1,), (1, -1)]:
        tape = Tape()
        y = layer(x.reshape(shape), tape)
        grad_x = layer.backward(grad.reshape(shape), tape)
        results.append([y.ravel(), grad_x.ravel(), *tape.gradients(layer).values()])

    for expected, actual in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


def test_parameters_are_drawn_from_the_range_that_pytorch_draws_from():
    layer = Linear(4, 500, rng=np.random.default_rng(0))

    for parameter in layer.parameters():
        assert -0.5 <= parameter.min() < -0.49
        assert 0.49 < parameter.max() < 0.5
