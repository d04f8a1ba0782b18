"""Causal self-attention: each token attends to itself and to earlier tokens only.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3;
        Raschka, *Build a Large Language Model (From Scratch)*, section 3.5.
Twin:   torch_impl/attention/causal.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_dropout, check_input, check_sizes
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class CausalAttention(Module):
    """One attention head with a causal mask and dropout on its attention weights.

    Two tokens, 2 and 4, whose values are themselves. Queries are zero, so every score
    is zero and softmax gives equal weights: the first token attends to itself alone,
    the second averages both.

    >>> head = CausalAttention(1, 1, context_length=2, dropout=0.0)
    >>> head.W_query.weight[...], head.W_value.weight[...] = 0.0, 1.0
    >>> head(np.array([[2.0], [4.0]]))
    array([[2.],
           [3.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        check_dropout(dropout)
        self.rng = rng or np.random.default_rng()
        self.d_in, self.context_length, self.dropout = d_in, context_length, dropout
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=self.rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, rng=self.rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, rng=self.rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D, causally masked) V."""
        check_input(x, self.d_in, self.context_length)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (*B, T, D)
        keys = self.W_key(x, tape)  # (*B, T, D)
        values = self.W_value(x, tape)  # (*B, T, D)

        # 2. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(keys.shape[-1])
        attn_scores = queries @ keys.mT * scale  # (*B, T, T)

        # 3. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, T, T)

        # 4. Softmax: attention weights that sum to one in every row.
        # Subtracting the row's maximum changes no weight, and exp cannot overflow.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - row_max)
        attn_weights = exps / exps.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 5. Dropout: in training, zero weights with probability p, scale up the rest.
        p = self.dropout if self.training else 0.0
        keep = self.rng.random(attn_weights.shape) >= p if p > 0 else np.True_
        keep_scale = 1 / (1 - p) if p < 1 else 0.0
        dropped_weights = attn_weights * keep * keep_scale  # (*B, T, T)

        # 6. Context vectors: values averaged by their attention weights.
        context = dropped_weights @ values  # (*B, T, D)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            scale=scale,
            causal_mask=causal_mask,
            attn_weights=attn_weights,
            keep=keep,
            keep_scale=keep_scale,
            dropped_weights=dropped_weights,
        )
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T D"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        saved = tape.restore(self, grad_context)

        # 6. context = dropped_weights @ values, a matrix product.
        grad_dropped_weights = grad_context @ saved.values.mT  # (*B, T, T)
        grad_values = saved.dropped_weights.mT @ grad_context  # (*B, T, D)

        # 5. dropped_weights = attn_weights * keep * keep_scale, entry by entry.
        grad_attn_weights = grad_dropped_weights * saved.keep * saved.keep_scale

        # 4. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights
        weighted_mean = weighted.sum(axis=-1, keepdims=True)
        grad_masked_scores = saved.attn_weights * (grad_attn_weights - weighted_mean)

        # 3. A masked score is the constant -inf: its gradient is zero.
        grad_attn_scores = np.where(saved.causal_mask, grad_masked_scores, 0)

        # 2. attn_scores = queries @ keys.mT * scale, a matrix product.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale  # (*B, T, D)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x
