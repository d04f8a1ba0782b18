"""Sparse attention: each query attends to the k tokens that a lightning indexer chose.

Source: DeepSeek-AI 2025, DeepSeek-V3.2, https://arxiv.org/abs/2512.02556: equation 1
        and what follows it; latent attention: https://arxiv.org/abs/2405.04434,
        section 2.1.
Twin:   torch_impl/attention/sparse.py
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float, Integer

from reference.attention.lightning_indexer import LightningIndexer as LightningIndexer
from reference.attention.scaled_dot_product import ScaledDotProductAttention
from reference.module import Module, check_input, check_positive, check_sizes
from reference.norms.rms_norm import RMSNorm
from reference.positions.rotary import RotaryEmbedding, check_positions
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class SparseAttention(Module):
    """Latent attention to the `top_k` best tokens, of those up to the query's own.

    The indexer has its own small heads; it reads the latent of queries, and its choice
    is one for all heads of attention. A cache would hold its key of `index_dim` beside
    the latent. With `top_k` as large as the text this is LatentAttention, whose
    parameters it has, those of the indexer aside.

    A choice is constant but where it jumps, so gradients flow through the attention to
    the chosen tokens alone, and those of the indexer's parameters are zero.

    A gather would read k tokens a query, and is what makes it fast; here the choice is
    a mask over all of them, with the same result.

    Queries of zero average what was chosen: the third of three tokens scores 3 with the
    first and with itself, 0 with the second, whose value of -8 it does not see.

    >>> sizes = {"num_index_heads": 1, "index_dim": 2, "top_k": 2}
    >>> attention = SparseAttention(
    ...     1, 1, 1, 1, 1, 1, 2, 1, **sizes, frequencies=[0.0], eps=0.0
    ... )
    >>> for parameter in attention.parameters():
    ...     parameter[...] = 1.0
    >>> attention.W_query.weight[...], attention.W_query_rotary.weight[...] = 0.0, 0.0
    >>> attention.W_value.weight[...], attention.out_proj.bias[...] = 8.0, 0.0
    >>> indexer = attention.indexer
    >>> indexer.W_index_key.weight[...], indexer.index_norm.bias[...] = [[1], [-1]], 0.0
    >>> indexer.W_index_query.weight[...] = [[1], [0]]
    >>> attention(np.array([[2.0], [-5.0], [3.0]])).tolist()
    [[8.0], [0.0], [8.0]]
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
        num_index_heads: int,
        index_dim: int,
        top_k: int,
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
        given = None if frequencies is None else tuple(frequencies)
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
            rotary_dim, theta, "neighbours", frequencies=given
        )
        self.indexer = LightningIndexer(
            *(d_in, query_rank, num_index_heads, index_dim, top_k),
            *(rotary_dim, theta, given, eps),
            rng=rng,
        )
        self.attend = ScaledDotProductAttention()
        self.out_proj = Linear(num_heads * value_dim, d_out, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        positions: Integer[np.ndarray, "*P T"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend to chosen tokens; positions are 0, 1, 2, … unless they are given."""
        check_input(x, self.d_in)
        check_positions(positions, x.shape[:-1])

        # 1. Query latent: every token is compressed, and normalized.
        query_latent = self.query_norm(self.W_query_down(x, tape), tape)  # (*B, T, Q)

        # 2. Chosen tokens: one mask for all heads, from which no gradient comes back.
        mask = self.indexer(x, query_latent, positions)  # (*B, T, T)

        # 3. Queries: a part for the content, and one that will turn.
        queries = self.W_query(query_latent, tape)  # (*B, T, H*D)
        rotary_queries = self.W_query_rotary(query_latent, tape)  # (*B, T, H*R)

        # 4. Latent: keys and values of all heads are made of it; one key is shared.
        latent = self.latent_norm(self.W_latent(x, tape), tape)  # (*B, T, L)
        keys = self.W_key(latent, tape)  # (*B, T, H*D)
        values = self.W_value(latent, tape)  # (*B, T, H*V)
        rotary_key = self.W_key_rotary(x, tape)  # (*B, T, R)

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

        # 7. Joined parts: side by side, so that their products add up in one score.
        of_heads = np.broadcast_to(turned_key, turned_queries.shape)  # (*B, H, T, R)
        both_queries = np.concatenate([head_queries, turned_queries], axis=-1)
        both_keys = np.concatenate([head_keys, of_heads], axis=-1)  # (*B, H, T, D+R)
        scaled_queries = both_queries * self.score_factor  # (*B, H, T, D+R)

        # 8. Attention: to what the mask lets through, scaled by 1/√(D+R).
        head_mask = mask[..., None, :, :]  # (*B, 1, T, T)
        head_context = self.attend(
            scaled_queries, both_keys, head_values, head_mask, tape
        )  # (*B, H, T, V)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(values.shape)  # (*B, T, H*V)

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`; add a zero for each parameter of the indexer."""
        # 10. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, H*V)

        # 9. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.value_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 8. head_context = attend(scaled_queries, both_keys, head_values, head_mask).
        grad_scaled_queries, grad_both_keys, grad_head_values = self.attend.backward(
            grad_head_context, tape
        )  # (*B, H, T, D+R), (*B, H, T, D+R), (*B, H, T, V)

        # 7. scaled_queries = [q, turned] * score_factor: a joined array is cut again.
        grad_both_queries = grad_scaled_queries * self.score_factor
        cut = [self.head_dim]
        grad_head_queries, grad_turned_queries = np.split(grad_both_queries, cut, -1)
        grad_head_keys, grad_of_heads = np.split(grad_both_keys, cut, axis=-1)
        grad_turned_key = grad_of_heads.sum(axis=-3, keepdims=True)  # (*B, 1, T, R)

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
        of_shared_key = self.W_key_rotary.backward(grad_rotary_key, tape)
        grad_latent = self.W_value.backward(grad_values, tape)  # (*B, T, L)
        grad_latent = grad_latent + self.W_key.backward(grad_keys, tape)
        grad_down = self.latent_norm.backward(grad_latent, tape)  # (*B, T, L)
        of_latent = self.W_latent.backward(grad_down, tape)  # (*B, T, C)

        # 3. queries = query_latent @ W_query.weight.T, and rotary_queries as well.
        of_turned = self.W_query_rotary.backward(grad_rotary_queries, tape)
        grad_query_latent = of_turned + self.W_query.backward(grad_queries, tape)

        # 2. mask = indexer(x, query_latent): it is constant but where it jumps.
        for parameter in self.indexer.parameters():
            tape.add_gradient(parameter, np.zeros_like(parameter))

        # 1. query_latent = norm(x @ W_query_down.weight.T): gradients of x add up.
        grad_query_down = self.query_norm.backward(grad_query_latent, tape)
        of_query_latent = self.W_query_down.backward(grad_query_down, tape)
        grad_x = of_shared_key + of_latent + of_query_latent  # (*B, T, C)
        return grad_x
