"""Multi-head attention: one projection, split into heads that attend in parallel.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2;
        Raschka, *Build a Large Language Model (From Scratch)*, section 3.6.2.
Twin:   torch_impl/attention/multi_head.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import (
    Module,
    check_dropout,
    check_input,
    check_multiple,
    check_sizes,
)
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class MultiHeadAttention(Module):
    """Causal heads with d_out / num_heads channels each, then an output projection.

    Queries are zero, so each head averages its channel: 2, then (2 + 4) / 2, and 0,
    then (0 + 6) / 2. The output projection swaps the heads.

    >>> attention = MultiHeadAttention(2, 2, 2, dropout=0.0, num_heads=2)
    >>> attention.W_query.weight[...] = attention.out_proj.bias[...] = 0.0
    >>> attention.W_value.weight[...] = np.eye(2)
    >>> attention.out_proj.weight[...] = [[0.0, 1.0], [1.0, 0.0]]
    >>> attention(np.array([[2.0, 0.0], [4.0, 6.0]]))
    array([[0., 2.],
           [3., 3.]])
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
        check_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        check_sizes(num_heads=num_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_dropout(dropout)
        self.rng = rng or np.random.default_rng()
        self.d_in, self.context_length, self.dropout = d_in, context_length, dropout
        self.num_heads, self.head_dim = num_heads, d_out // num_heads
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=self.rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, rng=self.rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, rng=self.rng)
        self.out_proj = Linear(d_out, d_out, rng=self.rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T E"]:
        """Compute softmax(Q Kᵀ / √D, causally masked) V in H heads, and project it."""
        check_input(x, self.d_in, self.context_length)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (*B, T, E)
        keys = self.W_key(x, tape)  # (*B, T, E)
        values = self.W_value(x, tape)  # (*B, T, E)

        # 2. Heads: each gets D channels of every query, key and value.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        head_keys = keys.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        head_values = values.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)

        # 3. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        attn_scores = head_queries @ head_keys.mT * scale  # (*B, H, T, T)

        # 4. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, H, T, T)

        # 5. Softmax: attention weights that sum to one in every row.
        # Subtracting the row's maximum changes no weight, and exp cannot overflow.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - row_max)
        attn_weights = exps / exps.sum(axis=-1, keepdims=True)  # (*B, H, T, T)

        # 6. Dropout: in training, zero weights with probability p, scale up the rest.
        p = self.dropout if self.training else 0.0
        keep = self.rng.random(attn_weights.shape) >= p if p > 0 else np.True_
        keep_scale = 1 / (1 - p) if p < 1 else 0.0
        dropped_weights = attn_weights * keep * keep_scale  # (*B, H, T, T)

        # 7. Context vectors: values averaged by their attention weights.
        head_context = dropped_weights @ head_values  # (*B, H, T, D)

        # 8. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(queries.shape)  # (*B, T, E)
        tape.save(
            self,
            context,
            head_queries=head_queries,
            head_keys=head_keys,
            head_values=head_values,
            scale=scale,
            causal_mask=causal_mask,
            attn_weights=attn_weights,
            keep=keep,
            keep_scale=keep_scale,
            dropped_weights=dropped_weights,
        )

        # 9. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 9. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, E)
        saved = tape.restore(self, grad_context)

        # 8. context = head_context, transposed and reshaped: undo both.
        joined = grad_context.shape
        by_head = (*joined[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 7. head_context = dropped_weights @ head_values, a matrix product.
        grad_dropped_weights = grad_head_context @ saved.head_values.mT
        grad_head_values = saved.dropped_weights.mT @ grad_head_context

        # 6. dropped_weights = attn_weights * keep * keep_scale, entry by entry.
        grad_attn_weights = grad_dropped_weights * saved.keep * saved.keep_scale

        # 5. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights
        weighted_mean = weighted.sum(axis=-1, keepdims=True)
        grad_masked_scores = saved.attn_weights * (grad_attn_weights - weighted_mean)

        # 4. A masked score is the constant -inf: its gradient is zero.
        grad_attn_scores = np.where(saved.causal_mask, grad_masked_scores, 0)

        # 3. attn_scores = head_queries @ head_keys.mT * scale, a matrix product.
        grad_head_queries = grad_attn_scores @ saved.head_keys * saved.scale
        grad_head_keys = grad_attn_scores.mT @ saved.head_queries * saved.scale

        # 2. head_queries = queries, reshaped and transposed: undo both.
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(joined)
        grad_keys = grad_head_keys.swapaxes(-3, -2).reshape(joined)  # (*B, T, E)
        grad_values = grad_head_values.swapaxes(-3, -2).reshape(joined)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x
