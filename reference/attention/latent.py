"""Latent attention: keys and values of all heads are made of one short vector.

Source: DeepSeek-AI 2024, DeepSeek-V2, https://arxiv.org/abs/2405.04434, section 2.1;
        the norms of both latents are those of its published models.
Twin:   torch_impl/attention/latent.py
"""

import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Module, check_input, check_positive, check_sizes
from reference.norms.rms_norm import RMSNorm
from reference.positions.rotary import RotaryEmbedding, check_positions
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class LatentAttention(Module):
    """Causal heads whose keys and values are linear maps of a latent of each token.

    A cache would hold the latent, `latent_rank` numbers, and one key of `rotary_dim`
    that all heads share. A rotation cannot pass through the map from latent to keys, so
    this key alone is turned by the position, and beside it a part of each query. What a
    head scores is the sum of both products.

    `scale` is score_factor / √(head_dim + rotary_dim). With YaRN, `frequencies` and
    `score_factor` are those that RotaryScaling returns. Neighbouring channels turn
    together, as in DeepSeek's checkpoints.

    Differs from DeepSeek's code, in which several projections are one matrix.

    Queries of zero average; the norm of a latent of one number is its sign.

    >>> attention = LatentAttention(1, 1, 1, 1, 1, 1, 2, 1, eps=0.0)
    >>> attention.W_query.weight[...], attention.W_query_rotary.weight[...] = 0.0, 0.0
    >>> attention.W_latent.weight[...], attention.W_value.weight[...] = 1.0, 8.0
    >>> attention.out_proj.weight[...], attention.out_proj.bias[...] = 1.0, 0.0
    >>> attention(np.array([[2.0], [-5.0]])).tolist()
    [[8.0], [0.0]]
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        query_rank: int,
        latent_rank: int,
        head_dim: int,
        rotary_dim: int,
        value_dim: int,
        theta: float = 10_000.0,
        frequencies: Iterable[float] | None = None,
        score_factor: float = 1.0,
        eps: float = 1e-6,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_out=d_out, num_heads=num_heads, query_rank=query_rank)
        check_sizes(latent_rank=latent_rank, head_dim=head_dim, rotary_dim=rotary_dim)
        check_sizes(value_dim=value_dim)
        check_positive(score_factor=score_factor)
        rng = rng or np.random.default_rng()
        self.d_in, self.num_heads, self.score_factor = d_in, num_heads, score_factor
        self.head_dim, self.rotary_dim, self.value_dim = head_dim, rotary_dim, value_dim
        self.W_query_down = Linear(d_in, query_rank, False, rng=rng)
        self.query_norm = RMSNorm(query_rank, eps)
        self.W_query = Linear(query_rank, num_heads * head_dim, False, rng=rng)
        self.W_query_rotary = Linear(query_rank, num_heads * rotary_dim, False, rng=rng)
        self.W_latent = Linear(d_in, latent_rank, False, rng=rng)
        self.latent_norm = RMSNorm(latent_rank, eps)
        self.W_key = Linear(latent_rank, num_heads * head_dim, False, rng=rng)
        self.W_value = Linear(latent_rank, num_heads * value_dim, False, rng=rng)
        self.W_key_rotary = Linear(d_in, rotary_dim, False, rng=rng)
        self.rotate = RotaryEmbedding(
            rotary_dim, theta, "neighbours", frequencies=frequencies
        )
        self.out_proj = Linear(num_heads * value_dim, d_out, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        positions: Integer[np.ndarray, "*P T"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend to earlier tokens; positions are 0, 1, 2, … unless they are given."""
        check_input(x, self.d_in)
        check_positions(positions, x.shape[:-1])

        # 1. Query latent: every token is compressed, and normalized.
        query_latent = self.query_norm(self.W_query_down(x, tape), tape)  # (*B, T, Q)

        # 2. Queries: a part for the content, and one that will turn.
        queries = self.W_query(query_latent, tape)  # (*B, T, H*D)
        rotary_queries = self.W_query_rotary(query_latent, tape)  # (*B, T, H*R)

        # 3. Latent: all that a cache would hold, and a key that all heads share.
        latent = self.latent_norm(self.W_latent(x, tape), tape)  # (*B, T, L)
        rotary_key = self.W_key_rotary(x, tape)  # (*B, T, R)

        # 4. Keys and values: those of all heads are made of the latent.
        keys = self.W_key(latent, tape)  # (*B, T, H*D)
        values = self.W_value(latent, tape)  # (*B, T, H*V)

        # 5. Heads: H of queries, keys and values, and one of the shared key.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_value = (*x.shape[:-1], self.num_heads, self.value_dim)
        by_turn = (*x.shape[:-1], self.num_heads, self.rotary_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        head_keys = keys.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        head_values = values.reshape(by_value).swapaxes(-3, -2)  # (*B, H, T, V)
        to_turn = rotary_queries.reshape(by_turn).swapaxes(-3, -2)  # (*B, H, T, R)
        shared_key = rotary_key[..., None, :, :]  # (*B, 1, T, R)

        # 6. Rotation: the second part of queries, and the shared key, by position.
        places = None if positions is None else positions[..., None, :]
        turned_queries = self.rotate(to_turn, places, tape)  # (*B, H, T, R)
        turned_key = self.rotate(shared_key, places, tape)  # (*B, 1, T, R)

        # 7. Attention scores: of the content and of the position, scaled by 1/√(D+R).
        scale = self.score_factor / math.sqrt(self.head_dim + self.rotary_dim)
        content_scores = head_queries @ head_keys.mT  # (*B, H, T, T)
        position_scores = turned_queries @ turned_key.mT  # (*B, H, T, T)
        attn_scores = (content_scores + position_scores) * scale  # (*B, H, T, T)

        # 8. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(x.shape[-2], dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, H, T, T)

        # 9. Softmax: attention weights that sum to one in every row.
        attn_weights = softmax(masked_scores)  # (*B, H, T, T)

        # 10. Context vectors: values averaged by their attention weights.
        head_context = attn_weights @ head_values  # (*B, H, T, V)

        # 11. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(values.shape)  # (*B, T, H*V)
        tape.save(
            self,
            context,
            head_queries=head_queries,
            head_keys=head_keys,
            head_values=head_values,
            turned_queries=turned_queries,
            turned_key=turned_key,
            scale=scale,
            attn_weights=attn_weights,
        )

        # 12. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 12. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, H*V)
        saved = tape.restore(self, grad_context)

        # 11. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.value_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 10. head_context = attn_weights @ head_values, a matrix product.
        grad_attn_weights = grad_head_context @ saved.head_values.mT
        grad_head_values = saved.attn_weights.mT @ grad_head_context

        # 8-9. Softmax: ds = w * (dw - Σ w dw), which is zero where a score is masked.
        grad_attn_scores = softmax_backward(grad_attn_weights, saved.attn_weights)

        # 7. attn_scores = (q @ k.mT + turned_queries @ turned_key.mT) * scale.
        grad_sums = grad_attn_scores * saved.scale  # (*B, H, T, T)
        grad_head_queries = grad_sums @ saved.head_keys
        grad_head_keys = grad_sums.mT @ saved.head_queries
        grad_turned_queries = grad_sums @ saved.turned_key
        of_heads = grad_sums.mT @ saved.turned_queries  # (*B, H, T, R)
        grad_turned_key = of_heads.sum(axis=-3, keepdims=True)  # (*B, 1, T, R)

        # 6. turned_queries = R(position) to_turn: gradients turn the other way.
        grad_shared_key = self.rotate.backward(grad_turned_key, tape)
        grad_to_turn = self.rotate.backward(grad_turned_queries, tape)

        # 5. head_queries = queries, reshaped and transposed: undo both.
        joined = (*grad_context.shape[:-1], self.num_heads * self.head_dim)
        turned = (*grad_context.shape[:-1], self.num_heads * self.rotary_dim)
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(joined)
        grad_keys = grad_head_keys.swapaxes(-3, -2).reshape(joined)
        grad_values = grad_head_values.swapaxes(-3, -2).reshape(grad_context.shape)
        grad_rotary_queries = grad_to_turn.swapaxes(-3, -2).reshape(turned)
        grad_rotary_key = grad_shared_key[..., 0, :, :]

        # 4. values = latent @ W_value.weight.T, and keys as well: gradients add up.
        grad_latent = self.W_value.backward(grad_values, tape)  # (*B, T, L)
        grad_latent = grad_latent + self.W_key.backward(grad_keys, tape)

        # 3. latent = norm(x @ W_latent.weight.T), rotary_key is x projected.
        of_shared_key = self.W_key_rotary.backward(grad_rotary_key, tape)
        grad_down = self.latent_norm.backward(grad_latent, tape)  # (*B, T, L)
        of_latent = self.W_latent.backward(grad_down, tape)  # (*B, T, C)

        # 2. queries = query_latent @ W_query.weight.T, and rotary_queries as well.
        of_turned = self.W_query_rotary.backward(grad_rotary_queries, tape)
        grad_query_latent = of_turned + self.W_query.backward(grad_queries, tape)

        # 1. query_latent = norm(x @ W_query_down.weight.T): gradients of x add up.
        grad_query_down = self.query_norm.backward(grad_query_latent, tape)
        of_query_latent = self.W_query_down.backward(grad_query_down, tape)
        grad_x = of_shared_key + of_latent + of_query_latent  # (*B, T, C)
        return grad_x
