"""Differential attention: the difference of two heads takes out what both attend to.

Source: Ye et al. 2026, Differential Transformer V2, the folder Diff-Transformer-V2
        in https://github.com/microsoft/unilm; the first version: Ye et al. 2024,
        https://arxiv.org/abs/2410.05258.
Twin:   torch_impl/attention/differential.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_multiple, check_sizes
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class DifferentialAttention(Module):
    """Causal heads, each context vector that of one query head minus λ that of another.

    There are 2H query heads for H heads: head h is query head 2h minus λ times query
    head 2h + 1, λ = σ(x W_lambda), a number for each token and head. Both read the same
    key and value head, so that the difference is that of their attention weights.

    Differs from the first version, whose λ is learned for a layer, and whose heads are
    normalized after the difference.

    Queries of zero attend to all tokens, and so do both heads: λ = ½ leaves half of it.

    >>> attention = DifferentialAttention(1, 2, num_heads=2, num_kv_heads=1)
    >>> attention.W_query.weight[...], attention.W_value.weight[...] = 0.0, 1.0
    >>> attention.W_lambda.weight[...], attention.out_proj.weight[...] = 0.0, np.eye(2)
    >>> attention.out_proj.bias[...] = 0.0
    >>> attention(np.array([[2.0], [4.0]]))
    array([[1. , 1. ],
           [1.5, 1.5]])
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
        self.W_query = Linear(d_in, 2 * d_out, qkv_bias, rng=rng)
        self.W_key = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.W_value = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.W_lambda = Linear(d_in, num_heads, qkv_bias, rng=rng)
        self.out_proj = Linear(d_out, d_out, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend to earlier tokens by the difference of two heads."""
        check_input(x, self.d_in)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes two queries, a key, a value and a λ.
        queries = self.W_query(x, tape)  # (*B, T, 2*E)
        keys = self.W_key(x, tape)  # (*B, T, G*D)
        values = self.W_value(x, tape)  # (*B, T, G*D)
        lambda_logits = self.W_lambda(x, tape)  # (*B, T, H)

        # 2. Heads: 2H of queries, G of keys and values, each with D channels.
        by_head = (*x.shape[:-1], 2 * self.num_heads, self.head_dim)
        by_group = (*x.shape[:-1], self.num_kv_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, 2*H, T, D)
        group_keys = keys.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)
        group_values = values.reshape(by_group).swapaxes(-3, -2)  # (*B, G, T, D)

        # 3. Groups: each key head and value head serves 2H/G query heads.
        group_size = 2 * self.num_heads // self.num_kv_heads
        head_keys = np.repeat(group_keys, group_size, axis=-3)  # (*B, 2*H, T, D)
        head_values = np.repeat(group_values, group_size, axis=-3)  # (*B, 2*H, T, D)

        # 4. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        attn_scores = head_queries @ head_keys.mT * scale  # (*B, 2*H, T, T)

        # 5. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, 2*H, T, T)

        # 6. Softmax: attention weights that sum to one in every row.
        attn_weights = softmax(masked_scores)  # (*B, 2*H, T, T)

        # 7. Context vectors: values averaged by their attention weights.
        head_context = attn_weights @ head_values  # (*B, 2*H, T, D)

        # 8. Lambda: the sigmoid of a number for each token and head.
        head_logits = lambda_logits.swapaxes(-2, -1)[..., None]  # (*B, H, T, 1)
        exps = np.exp(-np.abs(head_logits))  # of no positive number: none overflows
        lambdas = np.where(head_logits >= 0, 1, exps) / (1 + exps)  # (*B, H, T, 1)

        # 9. Difference: of two heads side by side, which share keys and values.
        even_context = head_context[..., 0::2, :, :]  # (*B, H, T, D)
        odd_context = head_context[..., 1::2, :, :]  # (*B, H, T, D)
        differences = even_context - lambdas * odd_context  # (*B, H, T, D)

        # 10. Joined heads: the context vectors of all heads side by side.
        joined = (*x.shape[:-1], self.num_heads * self.head_dim)
        context = differences.swapaxes(-3, -2).reshape(joined)  # (*B, T, E)
        tape.save(
            self,
            context,
            head_queries=head_queries,
            head_keys=head_keys,
            head_values=head_values,
            scale=scale,
            causal_mask=causal_mask,
            attn_weights=attn_weights,
            odd_context=odd_context,
            lambdas=lambdas,
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

        # 10. context = differences, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_differences = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 9. differences = even_context - lambdas * odd_context, the product rule.
        grad_odd_context = -saved.lambdas * grad_differences  # (*B, H, T, D)
        both = np.stack([grad_differences, grad_odd_context], axis=-3)
        grad_head_context = both.reshape(saved.head_queries.shape)  # (*B, 2*H, T, D)
        products = grad_differences * saved.odd_context  # (*B, H, T, D)
        grad_lambdas = -products.sum(axis=-1, keepdims=True)  # (*B, H, T, 1)

        # 8. Sigmoid: dz = λ * (1 - λ) * dλ, and transposed: undo it.
        grad_head_logits = saved.lambdas * (1 - saved.lambdas) * grad_lambdas
        grad_lambda_logits = grad_head_logits[..., 0].swapaxes(-2, -1)  # (*B, T, H)

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
        groups = (self.num_kv_heads, 2 * self.num_heads // self.num_kv_heads)
        by_group = (*grad_head_keys.shape[:-3], *groups, *grad_head_keys.shape[-2:])
        grad_group_keys = grad_head_keys.reshape(by_group).sum(axis=-3)
        grad_group_values = grad_head_values.reshape(by_group).sum(axis=-3)

        # 2. head_queries = queries, reshaped and transposed: undo both.
        d_kv = (*grad_context.shape[:-1], self.num_kv_heads * self.head_dim)
        d_query = (*grad_context.shape[:-1], 2 * grad_context.shape[-1])
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(d_query)
        grad_keys = grad_group_keys.swapaxes(-3, -2).reshape(d_kv)
        grad_values = grad_group_values.swapaxes(-3, -2).reshape(d_kv)

        # 1. x went into all four projections: the four gradients add up.
        grad_x = self.W_lambda.backward(grad_lambda_logits, tape)  # (*B, T, C)
        grad_x = grad_x + self.W_value.backward(grad_values, tape)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x
