"""Decayed linear attention: the state fades a little with every token.

Source: retention: Sun et al. 2023, https://arxiv.org/abs/2307.08621; Lightning: Qin et
        al. 2024, https://arxiv.org/abs/2401.04658; Mamba-2 (SSD): Dao and Gu 2024,
        https://arxiv.org/abs/2405.21060.
Twin:   reference/attention/decayed_linear.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.recurrence import (
    check_floats,
    check_recurrence,
    check_shape,
    each_chunk,
    in_chunks,
    joined,
)
from torch_impl.validation import check_sizes


class DecayedLinearAttention(nn.Module):
    """Read S_t = a_t S_(t-1) + k_t v_tᵀ by the query: o_t = scale · S_tᵀ q_t.

    Decays a_t = exp(log_decays) lie between 0 and 1, one for each token (and head).
    RetNet, Lightning and Mamba-2 differ in what makes them: `retention_log_decays`,
    `lightning_log_decays`, `state_space_log_decays`. Decays of 1 give linear attention
    without feature map and normalizer. `scale` is 1/√D unless it is given; Mamba-2,
    where queries are C, keys B and values Δ x, has the scale 1.

    `chunk_size` tokens are computed at once, as masked attention of the chunk and by
    the state before it: so work grows with T, not with T². It changes rounding alone.

    The first token writes 8. Half of it is left when the second adds 1.

    >>> attend = DecayedLinearAttention()
    >>> ones, values = torch.ones(2, 1), torch.tensor([[8.0], [1.0]])
    >>> attend(ones, ones, values, log_decays=torch.tensor([0.5, 0.5]).log())
    (tensor([[8.],
            [5.]]), tensor([[5.]]))
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
        state: Float[Tensor, "*B D E"] | None = None,
    ) -> tuple[Float[Tensor, "*B T E"], Float[Tensor, "*B D E"]]:
        """Return context vectors, and the state behind the last token.

        Raises:
            ValueError: shapes do not fit, or a logarithm of a decay is above 0 or not
                finite.
        """
        check_recurrence(queries, keys, values, state)
        check_log_decays(log_decays, queries, tuple(queries.shape[:-1]))
        *leading, n_tokens, dim = queries.shape
        if state is None:
            state = values.new_zeros(*leading, dim, values.shape[-1])

        # 1-3. Chunks: within one masked attention, between them a decayed state.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        q, k, v, g = (
            in_chunks(x, self.chunk_size)
            for x in (scale * queries, keys, values, log_decays.unsqueeze(-1))
        )  # (*B, N, L, D), (*B, N, L, D), (*B, N, L, E), (*B, N, L, 1)
        between = decays_between(g.squeeze(-1))  # (*B, N, L, L)
        since_start = g.cumsum(dim=-2).exp()  # (*B, N, L, 1)
        until_end = between[..., -1, :, None]  # (*B, N, L, 1)
        chunk_writes = (until_end * k).mT @ v  # (*B, N, D, E)
        final_state, states_before = state, []
        chunk_decays = since_start[..., -1:, :]  # (*B, N, 1, 1)
        for chunk_decay, write in each_chunk(chunk_decays, chunk_writes):
            states_before.append(final_state)
            final_state = chunk_decay * final_state + write
        from_before = (since_start * q) @ torch.stack(states_before, dim=-3)
        from_chunk = (between * (q @ k.mT)) @ v  # (*B, N, L, E)
        context = joined(from_before + from_chunk, n_tokens)  # (*B, T, E)
        return context, final_state


def retention_log_decays(num_heads: int, n_tokens: int) -> Float[Tensor, "H T"]:
    """Return RetNet's: head h has the decay 1 - 2^(-5 - h) at every token.

    >>> retention_log_decays(2, n_tokens=1).exp()
    tensor([[0.9688],
            [0.9844]], dtype=torch.float64)
    """
    check_sizes(num_heads=num_heads)
    heads = torch.arange(num_heads, dtype=torch.float64)
    of_heads = torch.log1p(-(2.0 ** (-5 - heads)))
    return of_heads[:, None].expand(num_heads, n_tokens)


def lightning_log_decays(
    num_heads: int, n_tokens: int, layer: int, num_layers: int
) -> Float[Tensor, "H T"]:
    """Return Lightning's: slopes as of ALiBi, smaller from layer to layer.

    Layers count from 0. The logarithm is -2^(-8(h + 1)/H) · (1 - l/(L - 1) + 1e-5), in
    which MiniMax adds 1e-5 to L - 1 as well.

    >>> lightning_log_decays(8, n_tokens=1, layer=0, num_layers=2)[:2].float()
    tensor([[-0.5000],
            [-0.2500]])
    """
    check_sizes(num_heads=num_heads, num_layers=num_layers)
    heads = torch.arange(1, num_heads + 1, dtype=torch.float64)
    slopes = 2.0 ** (-8 * heads / num_heads)
    of_heads = -slopes * (1 - layer / (num_layers - 1 + 1e-5) + 1e-5)
    return of_heads[:, None].expand(num_heads, n_tokens)


def state_space_log_decays(
    steps: Float[Tensor, "*B H T"], log_rates: Float[Tensor, " H"]
) -> Float[Tensor, "*B H T"]:
    """Return Mamba-2's Δ_t A: a step Δ > 0 for each token, a rate A = -exp(…) a head.

    >>> state_space_log_decays(torch.tensor([[0.5, 2.0]]), torch.tensor([3.0]).log())
    tensor([[-1.5000, -6.0000]])
    """
    return -log_rates.exp()[:, None] * steps


def decays_between(log_decays: Float[Tensor, "*B L"]) -> Float[Tensor, "*B L L"]:
    """Return what is left in row i of what was written in column j, 0 for j > i.

    Each entry sums its own logarithms. Differences of running sums would cancel, and
    quotients of running products overflow.

    >>> decays_between(torch.tensor([0.5, 0.25, 0.125]).log())
    tensor([[1.0000, 0.0000, 0.0000],
            [0.2500, 1.0000, 0.0000],
            [0.0312, 0.1250, 1.0000]])
    """
    length = log_decays.shape[-1]
    ones = torch.ones(length, length, dtype=torch.bool, device=log_decays.device)
    rows = log_decays.unsqueeze(-1).expand(*log_decays.shape, length)
    summed = rows.masked_fill(~ones.tril(-1), 0).cumsum(-2)
    return summed.masked_fill(~ones.tril(), -torch.inf).exp()


def check_log_decays(
    log_decays: Float[Tensor, "..."], queries: Tensor, shape: tuple[int, ...]
) -> None:
    """Check that decays are given by finite logarithms of at most 0.

    Their values are read on the CPU only, and not while compiling: elsewhere the host
    would have to wait for the device. There a NaN comes out as NaN.

    >>> one = torch.zeros(1, 1)
    >>> check_log_decays(torch.tensor([torch.nan]), one, shape=(1,))
    Traceback (most recent call last):
    ValueError: log_decays must be finite and at most 0, got nan
    """
    check_floats("log_decays", log_decays, queries)
    check_shape("log_decays", log_decays, shape)
    if log_decays.device.type == "cpu" and not torch.compiler.is_compiling():
        wrong = ~((log_decays <= 0) & log_decays.isfinite())
        if wrong.any():
            first = log_decays[wrong][0].item()
            raise ValueError(f"log_decays must be finite and at most 0, got {first}")
