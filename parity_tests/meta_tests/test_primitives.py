"""The book's variants spell out what primitives do: both are equal, bit by bit.

The primitives themselves are compared with PyTorch's in parity_tests/primitives.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import reference
from reference import Tape
from reference.primitives.dropout import Dropout
from reference.primitives.embedding import Embedding
from reference.primitives.join_heads import join_heads, join_heads_backward
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.primitives.split_heads import split_heads, split_heads_backward

ARGUMENTS = {
    "SelfAttentionV2": (3, 4, True),
    "CausalAttention": (3, 4, 5, 0.5, True),
    "MultiHeadAttention": (3, 4, 5, 0.5, 2, True),
}


def draw(*shape, seed=0):
    """Draw normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def integers(*shape):
    """Draw small integers, whose products and sums are exact."""
    return np.random.default_rng([*shape]).integers(-4, 5, shape).astype(float)


class Composed:
    """A variant made of primitives, with the parameters of the one spelled out."""

    def __init__(self, variant):
        self.variant = variant
        self.projections = [variant.W_query, variant.W_key, variant.W_value]
        p = getattr(variant, "dropout", 0.0)
        self.dropout = Dropout(p, rng=np.random.default_rng(7))
        self.num_heads = getattr(variant, "num_heads", 1)
        self.head_dim = variant.W_key.weight.shape[0] // self.num_heads

    def forward(self, x, tape):
        """Project, split, score, mask, softmax, drop, average, join, project."""
        projected = [projection(x, tape) for projection in self.projections]
        self.heads = [split_heads(each, self.head_dim) for each in projected]
        queries, keys, values = self.heads
        scores = queries @ keys.mT * (1 / np.sqrt(self.head_dim))
        if hasattr(self.variant, "context_length"):
            scores = np.where(np.tri(x.shape[-2], dtype=bool), scores, -np.inf)
        self.weights = softmax(scores)
        self.dropped = self.dropout(self.weights, tape)
        self.context = self.dropped @ values
        joined = join_heads(self.context)
        has_output = hasattr(self.variant, "out_proj")
        return self.variant.out_proj(joined, tape) if has_output else joined

    def backward(self, grad, tape):
        """Go back through every primitive, the last first."""
        if hasattr(self.variant, "out_proj"):
            grad = self.variant.out_proj.backward(grad, tape)
        queries, keys, values = self.heads
        grad_context = join_heads_backward(grad, self.context)
        grad_weights = self.dropout.backward(grad_context @ values.mT, tape)
        grad_scores = softmax_backward(grad_weights, self.weights)
        scale = 1 / np.sqrt(self.head_dim)
        grad_heads = [
            self.dropped.mT @ grad_context,
            grad_scores.mT @ queries * scale,
            grad_scores @ keys * scale,
        ]
        grads = [split_heads_backward(each) for each in grad_heads]
        pairs = zip(reversed(self.projections), grads, strict=True)
        in_value, in_key, in_query = (p.backward(g, tape) for p, g in pairs)
        return in_value + in_key + in_query


@pytest.mark.parametrize("n_tokens", [0, 1, 5])
@pytest.mark.parametrize("variant", ARGUMENTS)
def test_a_variant_is_what_its_primitives_make(variant, n_tokens):
    spelled_out = getattr(reference, variant)(*ARGUMENTS[variant])
    spelled_out.rng = np.random.default_rng(7)
    x, grad = draw(2, n_tokens, 3), draw(2, n_tokens, 4, seed=1)
    results = []
    for each in [spelled_out, Composed(spelled_out)]:
        tape = Tape()
        output, grad_x = each.forward(x, tape), each.backward(grad, tape)
        results.append([output, grad_x, *tape.gradients(spelled_out).values()])

    for expected, actual in zip(*results, strict=True):
        assert expected.tolist() == actual.tolist()


def test_simple_attention_is_softmax_of_dot_products():
    x, grad, tape = draw(2, 5, 3), draw(2, 5, 3, seed=1), Tape()
    attention, weights = reference.SimpleSelfAttention(), softmax(x @ x.mT)
    grad_scores = softmax_backward(grad @ x.mT, weights)
    expected = grad_scores @ x + grad_scores.mT @ x + weights.mT @ grad

    assert (attention(x, tape) == weights @ x).all()
    assert (attention.backward(grad, tape) == expected).all()


def test_bare_parameters_do_what_linear_layers_do():
    x, grad = draw(2, 5, 3), draw(2, 5, 4, seed=1)
    v1, v2 = reference.SelfAttentionV1(3, 4), reference.SelfAttentionV2(3, 4)
    v1.load_state_dict({n.split(".")[0]: w.T for n, w in v2.state_dict().items()})
    tapes, expected = [Tape(), Tape()], v2(x).tolist()
    grads = [
        each.backward(grad + 0 * each(x, tape), tape)
        for each, tape in zip([v1, v2], tapes, strict=True)
    ]

    assert v1(x).tolist() == expected
    np.testing.assert_allclose(*grads, rtol=1e-12, atol=1e-14)
    for name, gradient in tapes[0].gradients(v1).items():
        np.testing.assert_allclose(
            gradient.T, tapes[1].gradients(v2)[f"{name}.weight"], rtol=1e-12, atol=1e-14
        )


def test_the_wrapper_is_its_heads_side_by_side():
    wrapper = reference.MultiHeadAttentionWrapper(3, 2, 5, 0.5, num_heads=3)
    x, grad, tape = draw(2, 5, 3), draw(2, 5, 6, seed=1), Tape()
    for seed, head in enumerate(wrapper.heads):
        head.rng = np.random.default_rng(seed)
    context = wrapper(x, tape)
    grad_x = wrapper.backward(grad, tape)
    expected_grad_x = np.zeros_like(x)
    for seed, head in reversed([*enumerate(wrapper.heads)]):
        channels, alone = slice(2 * seed, 2 * seed + 2), Tape()
        head.rng = np.random.default_rng(seed)

        assert (context[..., channels] == head(x, alone)).all()
        expected_grad_x += head.backward(grad[..., channels], alone)
        for name, gradient in alone.gradients(head).items():
            in_wrapper = tape.gradients(wrapper)[f"heads.{seed}.{name}"]
            assert (in_wrapper == gradient).all()
    assert (grad_x == expected_grad_x).all()


def test_every_head_of_the_wrapper_draws_a_mask_of_its_own():
    wrapper = reference.MultiHeadAttentionWrapper(3, 2, 5, 0.5, num_heads=2)
    wrapper.heads[1].load_state_dict(wrapper.heads[0].state_dict())
    context = wrapper(draw(8, 5, 3))

    assert (context[..., :2] != context[..., 2:]).any()


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 4, 3), (0, 3)])
def test_a_linear_layer_and_its_gradients_are_those_of_pytorch(shape, has_bias):
    x, grad, tape = integers(*shape), integers(*shape[:-1], 2), Tape()
    state = {"weight": integers(2, 3)} | ({"bias": integers(2)} if has_bias else {})
    layer = Linear(3, 2, has_bias)
    layer.load_state_dict(state)
    arrays = {"x": x, **state}
    leaves = {n: torch.tensor(a, requires_grad=True) for n, a in arrays.items()}
    expected = F.linear(*leaves.values())
    expected.backward(torch.tensor(grad))

    assert layer(x, tape).tolist() == expected.tolist()
    assert layer.backward(grad, tape).tolist() == leaves["x"].grad.tolist()
    for name, gradient in tape.gradients(layer).items():
        assert gradient.tolist() == leaves[name].grad.tolist()


@pytest.mark.parametrize("ids", [[], [0], [3, 1, 3, 3]])
def test_an_embedding_and_its_gradient_are_those_of_pytorch(ids):
    weight, grad, tape = integers(4, 2), integers(len(ids), 2), Tape()
    table, array = Embedding(4, 2), np.array(ids, np.int64)
    table.load_state_dict({"weight": weight})
    leaf = torch.tensor(weight, requires_grad=True)
    expected = F.embedding(torch.tensor(array), leaf)
    expected.backward(torch.tensor(grad))

    assert table(array, tape).tolist() == expected.tolist()
    assert table.backward(grad, tape) is None
    assert tape.gradients(table)["weight"].tolist() == leaf.grad.tolist()


def test_parameters_are_drawn_from_the_range_that_pytorch_draws_from():
    layer = Linear(4, 500, rng=np.random.default_rng(0))

    for parameter in layer.parameters():
        assert -0.5 <= parameter.min() < -0.49
        assert 0.49 < parameter.max() < 0.5
