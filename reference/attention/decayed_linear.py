"""Decayed linear attention: the state fades a little with every token.

Source: retention: Sun et al. 2023, https://arxiv.org/abs/2307.08621; Lightning: Qin et
        al. 2024, https://arxiv.org/abs/2401.04658; Mamba-2 (SSD): Dao and Gu 2024,
        https://arxiv.org/abs/2405.21060.
Twin:   torch_impl/attention/decayed_linear.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.attention.linear import decayed_sums, later_sums
from reference.attention.recurrence import check_floats, check_recurrence, check_shape
from reference.module import Array, Module, check_sizes
from reference.tape import NO_TAPE, Tape


class DecayedLinearAttention(Module):
    """Read S_t = a_t S_(t-1) + k_t v_tᵀ by the query: o_t = scale · S_tᵀ q_t.

    Decays a_t = exp(log_decays) lie between 0 and 1, one for each token (and head).
    RetNet, Lightning and Mamba-2 differ in what makes them: `retention_log_decays`,
    `lightning_log_decays`, `state_space_log_decays`. Decays of 1 give linear attention
    without feature map and normalizer. `scale` is 1/√D unless it is given; Mamba-2,
    where queries are C, keys B and values Δ x, has the scale 1.

    Here tokens come one by one. On torch `chunk_size` of them are computed at once;
    that changes rounding alone.

    The first token writes 8. Half of it is left when the second adds 1.

    >>> attend = DecayedLinearAttention()
    >>> ones, values = np.ones((2, 1)), np.array([[8.0], [1.0]])
    >>> attend(ones, ones, values, log_decays=np.log([0.5, 0.5]))
    (array([[8.],
           [5.]]), array([[5.]]))
    """

    def __init__(self, scale: float | None = None, chunk_size: int = 64):
        check_sizes(chunk_size=chunk_size)
        self.scale, self.chunk_size = scale, chunk_size

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B T D"],
        values: Float[np.ndarray, "*B T E"],
        log_decays: Float[np.ndarray, "*B T"],
        state: Float[np.ndarray, "*B D E"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B D E"]]:
        """Return context vectors, and the state behind the last token.

        Raises:
            ValueError: shapes do not fit, or a logarithm of a decay is above 0 or not
                finite.
        """
        check_recurrence(queries, keys, values, state)
        check_log_decays(log_decays, queries, queries.shape[:-1])
        *leading, _, dim = queries.shape
        if state is None:
            state = np.zeros((*leading, dim, values.shape[-1]), values.dtype)

        # 1. Decays: the share of the state that is left at each token.
        decays = np.exp(log_decays)  # (*B, T)

        # 2. Recurrence: the state decays, then the token adds its k vᵀ.
        writes = keys[..., None] * values[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(state, writes, decays[..., None])  # (*B, T+1, D, E)
        final_state = states[..., -1, :, :]  # (*B, D, E)

        # 3. Read: each query reads the state behind its own token, scaled.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        rows = scale * queries[..., None, :]  # (*B, T, 1, D)
        context = (rows @ states[..., 1:, :, :])[..., 0, :]  # (*B, T, E)
        inputs = {"queries": queries, "keys": keys, "values": values, "state": state}
        tape.save(self, context, **inputs, decays=decays, scale=scale)
        return context, final_state

    def backward(
        self,
        grad_outputs: tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B D E"]],
        tape: Tape,
    ) -> tuple[
        Float[np.ndarray, "*B T D"],
        Float[np.ndarray, "*B T D"],
        Float[np.ndarray, "*B T E"],
        Float[np.ndarray, "*B T"],
        Float[np.ndarray, "*B D E"],
    ]:
        """Return the gradients of queries, keys, values, log_decays and state.

        The states of all tokens are computed again: to save them takes T times D·E.
        """
        grad_context, grad_final_state = grad_outputs
        saved = tape.restore(self, grad_context)
        writes = saved.keys[..., None] * saved.values[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(
            saved.state, writes, saved.decays[..., None]
        )  # (*B, T+1, D, E)

        # 3. context = scale * queries @ states, a matrix product for each token.
        rows = saved.scale * grad_context[..., None, :]  # (*B, T, 1, E)
        grad_queries = (rows @ states[..., 1:, :, :].mT)[..., 0, :]  # (*B, T, D)
        grad_reads = saved.queries[..., None] * rows  # (*B, T, D, E)

        # 2. S_t = a_t S_(t-1) + k vᵀ: what is written is in later states, decayed.
        decays = saved.decays[..., None]  # (*B, T, 1)
        grad_writes, grad_state = later_sums(grad_final_state, grad_reads, decays)
        of_decays = grad_writes * states[..., :-1, :, :]  # (*B, T, D, E)
        grad_decays = of_decays.sum(axis=(-2, -1))  # (*B, T)
        grad_keys = (grad_writes @ saved.values[..., None])[..., 0]  # (*B, T, D)
        grad_values = (saved.keys[..., None, :] @ grad_writes)[..., 0, :]

        # 1. decays = exp(log_decays), whose slope is exp itself.
        grad_log_decays = grad_decays * saved.decays  # (*B, T)
        return grad_queries, grad_keys, grad_values, grad_log_decays, grad_state


def retention_log_decays(num_heads: int, n_tokens: int) -> Float[np.ndarray, "H T"]:
    """Return RetNet's: head h has the decay 1 - 2^(-5 - h) at every token.

    >>> np.exp(retention_log_decays(2, n_tokens=1))
    array([[0.96875 ],
           [0.984375]])
    """
    check_sizes(num_heads=num_heads)
    of_heads = np.log1p(-(2.0 ** (-5 - np.arange(num_heads))))
    return np.broadcast_to(of_heads[:, None], (num_heads, n_tokens))


def lightning_log_decays(
    num_heads: int, n_tokens: int, layer: int, num_layers: int
) -> Float[np.ndarray, "H T"]:
    """Return Lightning's: slopes as of ALiBi, smaller from layer to layer.

    Layers count from 0. The logarithm is -2^(-8(h + 1)/H) · (1 - l/(L - 1) + 1e-5), in
    which MiniMax adds 1e-5 to L - 1 as well.

    >>> lightning_log_decays(8, n_tokens=1, layer=0, num_layers=2)[:2].round(4)
    array([[-0.5 ],
           [-0.25]])
    """
    check_sizes(num_heads=num_heads, num_layers=num_layers)
    slopes = 2.0 ** (-8 * np.arange(1, num_heads + 1) / num_heads)
    of_heads = -slopes * (1 - layer / (num_layers - 1 + 1e-5) + 1e-5)
    return np.broadcast_to(of_heads[:, None], (num_heads, n_tokens))


def state_space_log_decays(
    steps: Float[np.ndarray, "*B H T"], log_rates: Float[np.ndarray, " H"]
) -> Float[np.ndarray, "*B H T"]:
    """Return Mamba-2's Δ_t A: a step Δ > 0 for each token, a rate A = -exp(…) a head.

    >>> state_space_log_decays(np.array([[0.5, 2.0]]), np.log([3.0]))
    array([[-1.5, -6. ]])
    """
    return -np.exp(log_rates)[:, None] * steps


def check_log_decays(
    log_decays: Float[np.ndarray, "..."], queries: Array, shape: tuple[int, ...]
) -> None:
    """Check that decays are given by finite logarithms of at most 0.

    >>> one = np.zeros((1, 1))
    >>> check_log_decays(np.array([np.nan]), one, shape=(1,))
    Traceback (most recent call last):
    ValueError: log_decays must be finite and at most 0, got nan
    """
    check_floats("log_decays", log_decays, queries)
    check_shape("log_decays", log_decays, shape)
    wrong = ~((log_decays <= 0) & np.isfinite(log_decays))
    if wrong.any():
        first = log_decays[wrong][0]
        raise ValueError(f"log_decays must be finite and at most 0, got {first}")
