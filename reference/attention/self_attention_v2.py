"""Self-attention with `Linear` projections, as every later variant has them.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the parameters are those of linear layers.
Twin:   torch_impl/attention/self_attention_v2.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_sizes
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class SelfAttentionV2(Module):
    """One attention head in which every token attends to every token.

    Queries are zero, so attention weights are equal; the values of a token are the
    token and ten times the token.

    >>> head = SelfAttentionV2(1, 2)
    >>> head.W_query.weight[...], head.W_value.weight[...] = 0.0, [[1.0], [10.0]]
    >>> head(np.array([[2.0], [4.0]]))
    array([[ 3., 30.],
           [ 3., 30.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_out=d_out)
        rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, rng=rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D) V."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (*B, T, D)
        keys = self.W_key(x, tape)  # (*B, T, D)
        values = self.W_value(x, tape)  # (*B, T, D)

        # 2. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(keys.shape[-1])
        attn_scores = queries @ keys.mT * scale  # (*B, T, T)

        # 3. Softmax: attention weights that sum to one in every row.
        # Subtracting the row's maximum changes no weight, and exp cannot overflow.
        row_max = attn_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(attn_scores - row_max)
        attn_weights = exps / exps.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 4. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, D)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            scale=scale,
            attn_weights=attn_weights,
        )
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T D"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        saved = tape.restore(self, grad_context)

        # 4. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, T, T)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, T, D)

        # 3. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights
        weighted_mean = weighted.sum(axis=-1, keepdims=True)
        grad_attn_scores = saved.attn_weights * (grad_attn_weights - weighted_mean)

        # 2. attn_scores = queries @ keys.mT * scale, a matrix product.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale  # (*B, T, D)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x
