"""Delta rule attention: a key overwrites what the state holds under it.

Source: Schlag et al. 2021, https://arxiv.org/abs/2102.11174; in chunks: Yang et al.
        2024, https://arxiv.org/abs/2406.06484.
Twin:   reference/attention/delta.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.recurrence import (
    check_recurrence,
    each_chunk,
    in_chunks,
    joined,
    solve_triangular,
)
from torch_impl.validation import check_sizes


class DeltaRuleAttention(nn.Module):
    """Correct the state by β k (v - Sᵀk)ᵀ at each token; read o_t = scale · S_tᵀ q_t.

    Sᵀk is what the state holds under the key. With β = 1 and keys of norm 1 it holds v
    afterwards; with β = 0 nothing is written. Keys are taken as they are: the caller
    brings them to norm 1, as models do, or the state may grow without end. `scale` is
    1/√D unless it is given.

    `chunk_size` tokens are computed at once: the corrections of a chunk depend on each
    other by a triangular system (the WY form), whose solution is linear in the state
    before it. So work grows with T, not with T². It changes rounding alone.

    The second token has the first one's key: its value takes the place of the other.

    >>> attend = DeltaRuleAttention()
    >>> ones, values = torch.ones(2, 1), torch.tensor([[8.0], [1.0]])
    >>> attend(ones, ones, values, betas=torch.ones(2))
    (tensor([[8.],
            [1.]]), tensor([[1.]]))
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
        betas: Float[Tensor, "*B T"],
        state: Float[Tensor, "*B D E"] | None = None,
    ) -> tuple[Float[Tensor, "*B T E"], Float[Tensor, "*B D E"]]:
        """Return context vectors, and the state behind the last token."""
        check_recurrence(queries, keys, values, state, betas)
        *leading, n_tokens, dim = queries.shape
        width = values.shape[-1]
        if state is None:
            state = values.new_zeros(*leading, dim, width)

        # 1-3. Chunks: the corrections of a chunk solve a unit triangular system.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        q, k, v, b = (
            in_chunks(x, self.chunk_size)
            for x in (scale * queries, keys, values, betas.unsqueeze(-1))
        )  # (*B, N, L, D), (*B, N, L, D), (*B, N, L, E), (*B, N, L, 1)
        right = b * torch.cat([v, k], dim=-1)  # (*B, N, L, E+D)
        solved = solve_triangular(b * (k @ k.mT), right)  # (*B, N, L, E+D)
        of_values, of_keys = solved.split([width, dim], dim=-1)
        final_state, states_before, solutions = state, [], []
        for of_value, of_key, writer in each_chunk(of_values, of_keys, k.mT):
            states_before.append(final_state)
            solution = of_value - of_key @ final_state  # (*B, L, E)
            solutions.append(solution)
            final_state = final_state + writer @ solution  # (*B, D, E)
        from_before = q @ torch.stack(states_before, dim=-3)  # (*B, N, L, E)
        from_chunk = (q @ k.mT).tril() @ torch.stack(solutions, dim=-3)
        context = joined(from_before + from_chunk, n_tokens)  # (*B, T, E)
        return context, final_state
