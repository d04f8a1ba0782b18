"""Several causal heads side by side, each with parameters of its own.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2, without
        the output projection; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.6.1.
Twin:   torch_impl/attention/multi_head_wrapper.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.causal import CausalAttention
from reference.module import Module, ModuleList, check_sizes
from reference.tape import NO_TAPE, Tape


class MultiHeadAttentionWrapper(Module):
    """Independent causal heads with d_out channels each, so num_heads × d_out in all.

    Queries are zero, so each head averages its values; those of the second head are
    ten times those of the first.

    >>> attention = MultiHeadAttentionWrapper(1, 1, 2, dropout=0.0, num_heads=2)
    >>> for head, factor in zip(attention.heads, [1.0, 10.0]):
    ...     head.W_query.weight[...], head.W_value.weight[...] = 0.0, factor
    >>> attention(np.array([[2.0], [4.0]]))
    array([[ 2., 20.],
           [ 3., 30.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(num_heads=num_heads)  # each head checks the rest
        rng = rng or np.random.default_rng()
        self.heads = ModuleList(
            CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)
            for _ in range(num_heads)
        )

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T E"]:
        """Compute causal attention in every head, and put the results side by side."""
        # 1. Causal attention: every head by itself, with its own parameters.
        contexts = [head(x, tape) for head in self.heads]  # H × (*B, T, D)

        # 2. Joined heads: the context vectors of all heads side by side.
        context = np.concatenate(contexts, axis=-1)  # (*B, T, E)
        tape.save(self, context)
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the heads in reverse, the last first."""
        tape.restore(self, grad_context)

        # 2. context = contexts side by side: each head gets its own channels.
        grad_contexts = np.split(grad_context, len(self.heads), axis=-1)

        # 1. x went into all heads: their gradients add up.
        pairs = [*zip(self.heads, grad_contexts, strict=True)]
        grad_xs = [head.backward(grad, tape) for head, grad in reversed(pairs)]
        grad_x = np.sum(grad_xs, axis=0)  # (*B, T, C)
        return grad_x
