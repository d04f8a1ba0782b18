"""Gated delta rule attention: the state fades, then a key overwrites its own.

Source: Yang et al. 2024, Gated Delta Networks, https://arxiv.org/abs/2412.06464.
Twin:   reference/attention/gated_delta.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.decayed_linear import check_log_decays, decays_between
from torch_impl.attention.recurrence import (
    check_recurrence,
    each_chunk,
    in_chunks,
    joined,
    solve_triangular,
)
from torch_impl.validation import check_sizes


class GatedDeltaAttention(nn.Module):
    """S_t = a S_(t-1) + β k (v - a S_(t-1)ᵀ k)ᵀ, a = exp(log_decays): first it fades.

    The error is that of the state that has faded already. Decays are one for each token
    (and head); in Gated DeltaNet exp(A) · softplus(x W + b) makes -log_decays. With
    decays of 1 it is the delta rule. Keys are taken as they are: the caller brings them
    to norm 1. The read is o_t = scale · S_tᵀ q_t; `scale` is 1/√D unless it is given.

    `chunk_size` tokens are computed at once: the corrections of a chunk depend on each
    other by a triangular system, in which decays stand as they do in the weights. The
    paper prints that mask without them. The size changes rounding alone.

    Half of 8 is left under the key, which β = 0.5 moves halfway to 1.

    >>> attend, one = GatedDeltaAttention(), torch.ones(1, 1)
    >>> gates = {"log_decays": torch.tensor([0.5]).log(), "betas": torch.tensor([0.5])}
    >>> attend(one, one, one, **gates, state=torch.tensor([[8.0]]))
    (tensor([[2.5000]]), tensor([[2.5000]]))
    """

    def __init__(self, scale: float | None = None, chunk_size: int = 64):
        super().__init__()
        check_sizes(chunk_size=chunk_size)
        self.scale, self.chunk_size = scale, chunk_size

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B T D"],
        values: Float[Tensor, "*B T E"],
        log_decays: Float[Tensor, "*B T"],
        betas: Float[Tensor, "*B T"],
        state: Float[Tensor, "*B D E"] | None = None,
    ) -> tuple[Float[Tensor, "*B T E"], Float[Tensor, "*B D E"]]:
        """Return context vectors, and the state behind the last token.

        Raises:
            ValueError: shapes do not fit, or a logarithm of a decay is above 0 or not
                finite.
        """
        check_recurrence(queries, keys, values, state, betas)
        check_log_decays(log_decays, queries, tuple(queries.shape[:-1]))
        *leading, n_tokens, dim = queries.shape
        width = values.shape[-1]
        if state is None:
            state = values.new_zeros(*leading, dim, width)

        # 1-4. Chunks: the corrections of a chunk solve a unit triangular system.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        q, k, v, b, g = (
            in_chunks(x, self.chunk_size)
            for x in (
                *(scale * queries, keys, values),
                *(betas.unsqueeze(-1), log_decays.unsqueeze(-1)),
            )
        )  # (*B, N, L, D), (*B, N, L, D), (*B, N, L, E), (*B, N, L, 1), (*B, N, L, 1)
        between = decays_between(g.squeeze(-1))  # (*B, N, L, L)
        since_start = g.cumsum(dim=-2).exp()  # (*B, N, L, 1)
        until_end = between[..., -1, :, None]  # (*B, N, L, 1)
        weights = between * (q @ k.mT)  # (*B, N, L, L)
        right = b * torch.cat([v, since_start * k], dim=-1)  # (*B, N, L, E+D)
        solved = solve_triangular(b * between * (k @ k.mT), right)
        of_values, of_keys = solved.split([width, dim], dim=-1)
        writers = (until_end * k).mT  # (*B, N, D, L)
        final_state, states_before, solutions = state, [], []
        parts = of_values, of_keys, since_start[..., -1:, :], writers
        for of_value, of_key, chunk_decay, writer in each_chunk(*parts):
            states_before.append(final_state)
            solution = of_value - of_key @ final_state  # (*B, L, E)
            solutions.append(solution)
            final_state = chunk_decay * final_state + writer @ solution  # (*B, D, E)
        from_before = (since_start * q) @ torch.stack(states_before, dim=-3)
        from_chunk = weights @ torch.stack(solutions, dim=-3)  # (*B, N, L, E)
        context = joined(from_before + from_chunk, n_tokens)  # (*B, T, E)
        return context, final_state
