"""Absorbed latent attention: queries attend to the latents themselves.

Source: DeepSeek-AI 2024, DeepSeek-V2, https://arxiv.org/abs/2405.04434, section 2.1.
Twin:   torch_impl/attention/latent_absorbed.py
"""

import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Array, Module, check_input, check_positive, check_sizes
from reference.norms.rms_norm import RMSNorm
from reference.positions.rotary import RotaryEmbedding, check_positions
from reference.primitives.linear import Linear
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class AbsorbedLatentAttention(Module):
    """Latent attention in another order: no key or value of a head is ever made.

    q · (W_k c) = (W_kᵀ q) · c: a query absorbs its head's map from latents to keys, and
    the map to values comes last. As in multi-query attention all heads share one key,
    [c; k_r], and one value, c. Parameters, scale and results are LatentAttention's.

    Queries of zero average; the norm of a latent of one number is its sign.

    >>> attention = AbsorbedLatentAttention(1, 1, 1, 1, 1, 1, 2, 1, eps=0.0)
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

        # 4. Heads: H of queries, and one of the latent and of the shared key.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_turn = (*x.shape[:-1], self.num_heads, self.rotary_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        to_turn = rotary_queries.reshape(by_turn).swapaxes(-3, -2)  # (*B, H, T, R)
        shared_latent = latent[..., None, :, :]  # (*B, 1, T, L)
        shared_key = rotary_key[..., None, :, :]  # (*B, 1, T, R)

        # 5. Absorbed queries: each times its head's map from latent to keys.
        map_to_keys = self.W_key.weight.reshape(self.num_heads, self.head_dim, -1)
        absorbed_queries = head_queries @ map_to_keys  # (*B, H, T, L)

        # 6. Rotation: the second part of queries, and the shared key, by position.
        places = None if positions is None else positions[..., None, :]
        turned_queries = self.rotate(to_turn, places, tape)  # (*B, H, T, R)
        turned_key = self.rotate(shared_key, places, tape)  # (*B, 1, T, R)

        # 7. Attention scores: of latents and of the position, scaled by 1/√(D+R).
        scale = self.score_factor / math.sqrt(self.head_dim + self.rotary_dim)
        content_scores = absorbed_queries @ shared_latent.mT  # (*B, H, T, T)
        position_scores = turned_queries @ turned_key.mT  # (*B, H, T, T)
        attn_scores = (content_scores + position_scores) * scale  # (*B, H, T, T)

        # 8. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = np.tri(x.shape[-2], dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (*B, H, T, T)

        # 9. Softmax: attention weights that sum to one in every row.
        attn_weights = softmax(masked_scores)  # (*B, H, T, T)

        # 10. Averaged latents: by their attention weights, head by head.
        latent_context = attn_weights @ shared_latent  # (*B, H, T, L)

        # 11. Context vectors: averages times their head's map from latent to values.
        map_to_values = self.W_value.weight.reshape(self.num_heads, self.value_dim, -1)
        head_context = latent_context @ map_to_values.mT  # (*B, H, T, V)

        # 12. Joined heads: the context vectors of all heads side by side.
        joined = (*x.shape[:-1], self.num_heads * self.value_dim)
        context = head_context.swapaxes(-3, -2).reshape(joined)  # (*B, T, H*V)
        tape.save(
            self,
            context,
            head_queries=head_queries,
            map_to_keys=map_to_keys,
            map_to_values=map_to_values,
            absorbed_queries=absorbed_queries,
            shared_latent=shared_latent,
            turned_queries=turned_queries,
            turned_key=turned_key,
            scale=scale,
            attn_weights=attn_weights,
            latent_context=latent_context,
        )

        # 13. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 13. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, H*V)
        saved = tape.restore(self, grad_context)

        # 12. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.value_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 11. head_context = latent_context @ map_to_values.mT: all texts share the map.
        grad_latent_context = grad_head_context @ saved.map_to_values  # (*B, H, T, L)
        add_map(tape, self.W_value.weight, grad_head_context, saved.latent_context)

        # 10. latent_context = attn_weights @ shared_latent: heads share the latents.
        grad_attn_weights = grad_latent_context @ saved.shared_latent.mT
        of_values = saved.attn_weights.mT @ grad_latent_context  # (*B, H, T, L)

        # 8-9. Softmax: ds = w * (dw - Σ w dw), which is zero where a score is masked.
        grad_attn_scores = softmax_backward(grad_attn_weights, saved.attn_weights)

        # 7. attn_scores = (q̃ @ c.mT + turned_queries @ turned_key.mT) * scale.
        grad_sums = grad_attn_scores * saved.scale  # (*B, H, T, T)
        grad_absorbed_queries = grad_sums @ saved.shared_latent  # (*B, H, T, L)
        of_keys = grad_sums.mT @ saved.absorbed_queries  # (*B, H, T, L)
        grad_shared_latent = (of_values + of_keys).sum(axis=-3, keepdims=True)
        grad_turned_queries = grad_sums @ saved.turned_key  # (*B, H, T, R)
        grad_turned_key = (grad_sums.mT @ saved.turned_queries).sum(-3, keepdims=True)

        # 6. turned_queries = R(position) to_turn: gradients turn the other way.
        grad_shared_key = self.rotate.backward(grad_turned_key, tape)
        grad_to_turn = self.rotate.backward(grad_turned_queries, tape)

        # 5. absorbed_queries = head_queries @ map_to_keys: all texts share the map.
        grad_head_queries = grad_absorbed_queries @ saved.map_to_keys.mT
        add_map(tape, self.W_key.weight, saved.head_queries, grad_absorbed_queries)

        # 4. head_queries = queries, reshaped and transposed: undo both.
        joined = (*grad_context.shape[:-1], self.num_heads * self.head_dim)
        turned = (*grad_context.shape[:-1], self.num_heads * self.rotary_dim)
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(joined)
        grad_rotary_queries = grad_to_turn.swapaxes(-3, -2).reshape(turned)
        grad_latent = grad_shared_latent[..., 0, :, :]
        grad_rotary_key = grad_shared_key[..., 0, :, :]

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


def add_map(tape: Tape, weight: Array, of_heads: Array, of_latents: Array) -> None:
    """Add the gradient of a map that all texts share: a product summed over texts."""
    of_texts = of_heads.mT @ of_latents  # (*B, H, D, L)
    texts = tuple(range(of_texts.ndim - 3))
    tape.add_gradient(weight, of_texts.sum(axis=texts).reshape(weight.shape))
