"""Grouped-query attention: several query heads share one key head and value head.

Source: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245, section 2.2; with one
        group it is multi-query attention, Shazeer 2019, https://arxiv.org/abs/1911.02150.
Twin:   torch_impl/attention/grouped_query.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_multiple, check_sizes
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class GroupedQueryAttention(Module):
    """Causal heads in groups: query head h reads key/value head h // (H / G).

    Differs from x-transformers, where query head h reads key/value head h % G, and from
    MultiHeadAttention in that it has no dropout and no limit to the context.

    Two query heads read one key head and value head. All queries are zero, so each
    head averages what it may attend to.

    >>> attention = GroupedQueryAttention(1, 2, num_heads=2, num_kv_heads=1)
    >>> attention.W_query.weight[...], attention.W_value.weight[...] = 0.0, 1.0
    >>> attention.out_proj.weight[...] = np.eye(2)
    >>> attention.out_proj.bias[...] = 0.0
    >>> attention(np.array([[2.0], [4.0]]))
    array([[2., 2.],
           [3., 3.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        num_kv_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_out=d_out)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        rng = rng or np.random.default_rng()
        self.d_in, self.head_dim = d_in, d_out // num_heads
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=rng)
        self.W_key = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.W_value = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.out_proj = Linear(d_out, d_out, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend with H query heads over G key heads and value heads."""
        check_input(x, self.d_in)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (*B, T, E)
        keys = self.W_key(x, tape)  # (*B, T, G*D)
        values = self.W_value(x, tape)  # (*B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_group = (*x.shape[:-1], self.num_kv_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        group_keys = keys.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)
        group_values = values.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)

        # 3. Groups: each key head and value head serves H/G query heads.
        group_size = self.num_heads // self.num_kv_heads
        head_keys = group_keys.repeat(group_size, axis=-3)  # (*B, H, T, D)
        head_values = group_values.repeat(group_size, axis=-3)  # (*B, H, T, D)

        # 4. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        attn_scores = head_queries @ head_keys.mT * scale  # (*B, H, T, T)

        # 5. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, H, T, T)

        # 6. Softmax: attention weights that sum to one in every row.
        attn_weights = softmax(masked_scores)  # (*B, H, T, T)

        # 7. Context vectors: values averaged by their attention weights.
        head_context = attn_weights @ head_values  # (*B, H, T, D)

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
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 7. head_context = attn_weights @ head_values, a matrix product.
        grad_attn_weights = grad_head_context @ saved.head_values.mT
        grad_head_values = saved.attn_weights.mT @ grad_head_context

        # 6. Softmax: ds = w * (dw - Σ w dw), row by row.
        grad_masked_scores = softmax_backward(grad_attn_weights, saved.attn_weights)

        # 5. A masked score is the constant -inf: its gradient is zero.
        grad_attn_scores = np.where(saved.causal_mask, grad_masked_scores, 0)

        # 4. attn_scores = head_queries @ head_keys.mT * scale, a matrix product.
        grad_head_queries = grad_attn_scores @ saved.head_keys * saved.scale
        grad_head_keys = grad_attn_scores.mT @ saved.head_queries * saved.scale

        # 3. head_keys = group_keys, repeated: a shared head gets the sum of its group.
        grad_group_keys = sum_groups(grad_head_keys, self.num_kv_heads)
        grad_group_values = sum_groups(grad_head_values, self.num_kv_heads)

        # 2. head_queries = queries, reshaped and transposed: undo both.
        by_group = (*grad_context.shape[:-1], self.num_kv_heads * self.head_dim)
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(grad_context.shape)
        grad_keys = grad_group_keys.swapaxes(-3, -2).reshape(by_group)
        grad_values = grad_group_values.swapaxes(-3, -2).reshape(by_group)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x


def sum_groups(
    per_head: Float[np.ndarray, "*B H T D"], num_groups: int
) -> Float[np.ndarray, "*B G T D"]:
    """Add up what was repeated for the query heads of one group.

    >>> sum_groups(np.array([[[1.0]], [[2.0]], [[4.0]], [[8.0]]]), 2).tolist()
    [[[3.0]], [[12.0]]]
    """
    *batch, n_heads, n_tokens, dim = per_head.shape
    groups = (num_groups, n_heads // num_groups)
    return per_head.reshape(*batch, *groups, n_tokens, dim).sum(axis=-3)
