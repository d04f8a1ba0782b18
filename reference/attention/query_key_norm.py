"""Attention with query-key norm: scores of vectors whose length is normalized.

Source: Henry et al. 2020, https://arxiv.org/abs/2010.04245, who normalize by the L2
        norm; RMSNorm with a gain, in each head and before the rotation, as in Qwen3.
Twin:   torch_impl/attention/query_key_norm.py
"""

import math

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Module, check_input, check_multiple, check_sizes
from reference.norms.rms_norm import RMSNorm
from reference.positions.rotary import RotaryEmbedding, check_positions
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class QueryKeyNormAttention(Module):
    """Causal grouped heads; RMSNorm of each query and key, then their rotation.

    Without a gain every query and key has the length √D, so no score is above √D. The
    gain has D channels, one for all heads of queries and one for those of keys. Each
    channel has its own, so the norm comes before the rotation, which mixes channels.

    Differs from OLMo 2, whose norm is over the channels of all heads at once, and from
    Llama 4, which normalizes after the rotation, without a gain.

    A query of zero stays zero, so each token averages what it may attend to.

    >>> attention = QueryKeyNormAttention(1, 2, num_heads=1, num_kv_heads=1)
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
        theta: float = 10_000.0,
        eps: float = 1e-6,
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
        self.query_norm = RMSNorm(self.head_dim, eps)
        self.key_norm = RMSNorm(self.head_dim, eps)
        self.rotate = RotaryEmbedding(self.head_dim, theta)
        self.out_proj = Linear(d_out, d_out, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        positions: Integer[np.ndarray, "*P T"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend to earlier tokens; positions are 0, 1, 2, … unless they are given.

        Raises:
            TypeError: positions are no integers.
            ValueError: shapes do not fit.
        """
        check_input(x, self.d_in)
        check_positions(positions, x.shape[:-1])
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (*B, T, E)
        keys, values = self.W_key(x, tape), self.W_value(x, tape)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_group = (*x.shape[:-1], self.num_kv_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        group_keys = keys.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)
        group_values = values.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)

        # 3. Query-key norm: RMSNorm over the D channels of each query and key.
        normed_queries = self.query_norm(head_queries, tape)  # (*B, H, T, D)
        normed_keys = self.key_norm(group_keys, tape)  # (*B, G, T, D)

        # 4. Rotation: queries and keys turn by their position, equal in all heads.
        places = None if positions is None else positions[..., None, :]
        rotated_queries = self.rotate(normed_queries, places, tape)  # (*B, H, T, D)
        rotated_keys = self.rotate(normed_keys, places, tape)  # (*B, G, T, D)

        # 5. Groups: each key head and value head serves H/G query heads.
        group_size = self.num_heads // self.num_kv_heads
        head_keys = np.repeat(rotated_keys, group_size, axis=-3)  # (*B, H, T, D)
        head_values = np.repeat(group_values, group_size, axis=-3)  # (*B, H, T, D)

        # 6. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        attn_scores = rotated_queries @ head_keys.mT * scale  # (*B, H, T, T)

        # 7. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, H, T, T)

        # 8. Softmax: attention weights that sum to one in every row.
        attn_weights = softmax(masked_scores)  # (*B, H, T, T)

        # 9. Context vectors: values averaged by their attention weights.
        head_context = attn_weights @ head_values  # (*B, H, T, D)

        # 10. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(queries.shape)  # (*B, T, E)
        tape.save(
            self,
            context,
            rotated_queries=rotated_queries,
            head_keys=head_keys,
            head_values=head_values,
            scale=scale,
            causal_mask=causal_mask,
            attn_weights=attn_weights,
        )

        # 11. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 11. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, E)
        saved = tape.restore(self, grad_context)

        # 10. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 9. head_context = attn_weights @ head_values, a matrix product.
        grad_attn_weights = grad_head_context @ saved.head_values.mT
        grad_head_values = saved.attn_weights.mT @ grad_head_context

        # 8. Softmax: ds = w * (dw - Σ w dw), row by row.
        grad_masked_scores = softmax_backward(grad_attn_weights, saved.attn_weights)

        # 7. A masked score is the constant -inf: its gradient is zero.
        grad_attn_scores = np.where(saved.causal_mask, grad_masked_scores, 0)

        # 6. attn_scores = rotated_queries @ head_keys.mT * scale, a matrix product.
        grad_rotated_queries = grad_attn_scores @ saved.head_keys * saved.scale
        grad_head_keys = grad_attn_scores.mT @ saved.rotated_queries * saved.scale

        # 5. head_keys = rotated_keys, repeated: a shared head gets its group's sum.
        groups = (self.num_kv_heads, self.num_heads // self.num_kv_heads)
        by_group = (*grad_head_keys.shape[:-3], *groups, *grad_head_keys.shape[-2:])
        grad_rotated_keys = grad_head_keys.reshape(by_group).sum(axis=-3)
        grad_group_values = grad_head_values.reshape(by_group).sum(axis=-3)

        # 4. rotated_keys = R(position) normed_keys: gradients turn the other way.
        grad_normed_keys = self.rotate.backward(grad_rotated_keys, tape)
        grad_normed_queries = self.rotate.backward(grad_rotated_queries, tape)

        # 3. normed_keys = group_keys / rms(group_keys) * key_norm.weight.
        grad_group_keys = self.key_norm.backward(grad_normed_keys, tape)
        grad_head_queries = self.query_norm.backward(grad_normed_queries, tape)

        # 2. head_queries = queries, reshaped and transposed: undo both.
        d_kv = (*grad_context.shape[:-1], self.num_kv_heads * self.head_dim)
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(grad_context.shape)
        grad_keys = grad_group_keys.swapaxes(-3, -2).reshape(d_kv)
        grad_values = grad_group_values.swapaxes(-3, -2).reshape(d_kv)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x
