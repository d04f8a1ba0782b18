"""Kimi delta attention: each channel fades on its own, then a key overwrites.

Source: Kimi team 2025, Kimi Linear, https://arxiv.org/abs/2510.26692.
Twin:   reference/attention/kimi_delta.py
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


class KimiDeltaAttention(nn.Module):
    """The gated delta rule with a decay for each channel of the keys: Diag(a) S.

    S_t = S' + β k (v - S'ᵀk)ᵀ with S' = Diag(a) S_(t-1), a = exp(log_decays). Equal
    decays in all channels give the gated delta rule. Keys are taken as they are: the
    caller brings them to norm 1. The read is o_t = scale · S_tᵀ q_t; `scale` is 1/√D
    unless it is given.

    `chunk_size` tokens are computed at once, as in gated_delta. The decays between two
    tokens are an array of C · C · D numbers for each chunk of C, so chunks are small:
    a product of two factors, exp(G_t) and exp(-G_s), overflows. The size changes
    rounding alone.

    The key sees the first channel, which has faded from 8 to 4, and moves it to 1.

    >>> attend = KimiDeltaAttention(scale=1.0)
    >>> queries, keys = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0]])
    >>> log_decays, one = torch.tensor([[0.5, 0.25]]).log(), torch.ones(1)
    >>> state = torch.tensor([[8.0], [8.0]])
    >>> attend(queries, keys, one[:, None], log_decays, betas=one, state=state)
    (tensor([[3.]]), tensor([[1.],
            [2.]]))
    """

    def __init__(self, scale: float | None = None, chunk_size: int = 16):
        super().__init__()
        check_sizes(chunk_size=chunk_size)
        self.scale, self.chunk_size = scale, chunk_size

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B T D"],
        values: Float[Tensor, "*B T E"],
        log_decays: Float[Tensor, "*B T D"],
        betas: Float[Tensor, "*B T"],
        state: Float[Tensor, "*B D E"] | None = None,
    ) -> tuple[Float[Tensor, "*B T E"], Float[Tensor, "*B D E"]]:
        """Return context vectors, and the state behind the last token.

        Raises:
            ValueError: shapes do not fit, or a logarithm of a decay is above 0 or not
                finite.
        """
        check_recurrence(queries, keys, values, state, betas)
        check_log_decays(log_decays, queries, tuple(queries.shape))
        *leading, n_tokens, dim = queries.shape
        width = values.shape[-1]
        if state is None:
            state = values.new_zeros(*leading, dim, width)

        # 1-4. Chunks: the corrections of a chunk solve a unit triangular system.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        q, k, v, b, g = (
            in_chunks(x, self.chunk_size)
            for x in (scale * queries, keys, values, betas.unsqueeze(-1), log_decays)
        )  # (*B, N, L, D), (*B, N, L, D), (*B, N, L, E), (*B, N, L, 1), (*B, N, L, D)
        between = decays_between(g.mT)  # (*B, N, D, L, L)
        since_start = g.cumsum(dim=-2).exp()  # (*B, N, L, D)
        until_end = between[..., -1, :].mT  # (*B, N, L, D)
        products = torch.einsum("...sd,...dts->...tsd", k, between)
        of_key_pairs = torch.einsum("...td,...tsd->...ts", k, products)
        weights = torch.einsum("...td,...tsd->...ts", q, products)  # (*B, N, L, L)
        right = b * torch.cat([v, since_start * k], dim=-1)  # (*B, N, L, E+D)
        solved = solve_triangular(b * of_key_pairs, right)
        of_values, of_keys = solved.split([width, dim], dim=-1)
        writers = (until_end * k).mT  # (*B, N, D, L)
        final_state, states_before, solutions = state, [], []
        parts = of_values, of_keys, since_start[..., -1:, :].mT, writers
        for of_value, of_key, chunk_decay, writer in each_chunk(*parts):
            states_before.append(final_state)
            solution = of_value - of_key @ final_state  # (*B, L, E)
            solutions.append(solution)
            final_state = chunk_decay * final_state + writer @ solution  # (*B, D, E)
        from_before = (since_start * q) @ torch.stack(states_before, dim=-3)
        from_chunk = weights @ torch.stack(solutions, dim=-3)  # (*B, N, L, E)
        context = joined(from_before + from_chunk, n_tokens)  # (*B, T, E)
        return context, final_state
