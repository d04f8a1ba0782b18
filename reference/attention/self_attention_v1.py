"""Self-attention with learned projections to queries, keys and values.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the parameters are bare.
Twin:   torch_impl/attention/self_attention_v1.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_same_dtype, check_sizes
from reference.tape import NO_TAPE, Tape


class SelfAttentionV1(Module):
    """One attention head in which every token attends to every token.

    Differs from all later variants: its parameters are bare arrays of shape (in, out),
    drawn uniformly from [0, 1).

    Queries are zero, so attention weights are equal; the values of a token are the
    token and ten times the token.

    >>> head = SelfAttentionV1(1, 2)
    >>> head.W_query[...], head.W_value[...] = 0.0, [[1.0, 10.0]]
    >>> head(np.array([[2.0], [4.0]]))
    array([[ 3., 30.],
           [ 3., 30.]])
    """

    def __init__(
        self, d_in: int, d_out: int, *, rng: np.random.Generator | None = None
    ):
        check_sizes(d_in=d_in, d_out=d_out)
        rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.W_query = rng.random((d_in, d_out))
        self.W_key = rng.random((d_in, d_out))
        self.W_value = rng.random((d_in, d_out))

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D) V."""
        check_input(x, self.d_in)
        check_same_dtype(x, self.W_query)

        # 1. Projections: every token becomes a query, a key and a value.
        queries = x @ self.W_query  # (*B, T, D)
        keys = x @ self.W_key  # (*B, T, D)
        values = x @ self.W_value  # (*B, T, D)

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
            x=x,
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
        """Return the gradient of `x`: the chain rule, step by step, the last first.

        The loss is twice the context of the second token, (2 + 4) / 2 = 3. So the value
        of each token counts once; moving attention from 2 to 4 adds 2 · ½ · ½ · 2 for
        each unit of score, and a unit of W_query makes the scores 4 · 2 and 4 · 4.

        >>> head, tape = SelfAttentionV1(1, 1), Tape()
        >>> head.W_query[...], head.W_key[...], head.W_value[...] = 0.0, 1.0, 1.0
        >>> context = head(np.array([[2.0], [4.0]]), tape)
        >>> head.backward(np.array([[0.0], [2.0]]), tape).tolist()
        [[1.0], [1.0]]
        >>> {name: grad.item() for name, grad in tape.gradients(head).items()}
        {'W_query': 8.0, 'W_key': 0.0, 'W_value': 6.0}
        """
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

        # 1. queries = x @ W_query, and so on: all tokens share the parameters.
        rows = saved.x.reshape(-1, saved.x.shape[-1])  # (N, C)
        d_out = grad_context.shape[-1]
        tape.add_gradient(self.W_query, rows.T @ grad_queries.reshape(-1, d_out))
        tape.add_gradient(self.W_key, rows.T @ grad_keys.reshape(-1, d_out))
        tape.add_gradient(self.W_value, rows.T @ grad_values.reshape(-1, d_out))
        # x went into all three projections: the three gradients add up.
        grad_x = grad_values @ self.W_value.T  # (*B, T, C)
        grad_x = grad_x + grad_keys @ self.W_key.T
        grad_x = grad_x + grad_queries @ self.W_query.T
        return grad_x
