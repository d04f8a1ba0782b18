"""Kimi delta attention: each channel fades on its own, then a key overwrites.

Source: Kimi team 2025, Kimi Linear, https://arxiv.org/abs/2510.26692.
Twin:   torch_impl/attention/kimi_delta.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.attention.decayed_linear import check_log_decays
from reference.attention.linear import decayed_sums, later_sums
from reference.attention.recurrence import check_recurrence
from reference.module import Module, check_sizes
from reference.tape import NO_TAPE, Tape


class KimiDeltaAttention(Module):
    """The gated delta rule with a decay for each channel of the keys: Diag(a) S.

    S_t = S' + β k (v - S'ᵀk)ᵀ with S' = Diag(a) S_(t-1), a = exp(log_decays). Equal
    decays in all channels give the gated delta rule. Keys are taken as they are: the
    caller brings them to norm 1. The read is o_t = scale · S_tᵀ q_t; `scale` is 1/√D
    unless it is given.

    Here tokens come one by one. On torch `chunk_size` of them are computed at once;
    that changes rounding alone.

    The key sees the first channel, which has faded from 8 to 4, and moves it to 1.

    >>> attend = KimiDeltaAttention(scale=1.0)
    >>> queries, keys = np.array([[1.0, 1.0]]), np.array([[1.0, 0.0]])
    >>> log_decays, one = np.log([[0.5, 0.25]]), np.ones(1)
    >>> state = np.array([[8.0], [8.0]])
    >>> attend(queries, keys, one[:, None], log_decays, betas=one, state=state)
    (array([[3.]]), array([[1.],
           [2.]]))
    """

    def __init__(self, scale: float | None = None, chunk_size: int = 16):
        check_sizes(chunk_size=chunk_size)
        self.scale, self.chunk_size = scale, chunk_size

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B T D"],
        values: Float[np.ndarray, "*B T E"],
        log_decays: Float[np.ndarray, "*B T D"],
        betas: Float[np.ndarray, "*B T"],
        state: Float[np.ndarray, "*B D E"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B D E"]]:
        """Return context vectors, and the state behind the last token.

        Raises:
            ValueError: shapes do not fit, or a logarithm of a decay is above 0 or not
                finite.
        """
        check_recurrence(queries, keys, values, state, betas)
        check_log_decays(log_decays, queries, queries.shape)
        *leading, _, dim = queries.shape
        if state is None:
            state = np.zeros((*leading, dim, values.shape[-1]), values.dtype)

        # 1. Decays: the share of each channel that is left at each token.
        decays = np.exp(log_decays)  # (*B, T, D)

        # 2. Corrections: β times the error of what the faded state holds under the key.
        errors = errors_of(state, decays, keys, values, betas)
        corrections = betas[..., None] * errors  # (*B, T, E)

        # 3. State: the decayed sum of all corrections, each written under its key.
        writes = keys[..., None] * corrections[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(state, writes, decays)  # (*B, T+1, D, E)
        final_state = states[..., -1, :, :]  # (*B, D, E)

        # 4. Read: each query reads the state behind its own token, scaled.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        rows = scale * queries[..., None, :]  # (*B, T, 1, D)
        context = (rows @ states[..., 1:, :, :])[..., 0, :]  # (*B, T, E)
        inputs = {"queries": queries, "keys": keys, "values": values, "betas": betas}
        tape.save(self, context, **inputs, state=state, decays=decays, scale=scale)
        return context, final_state

    def backward(
        self,
        grad_outputs: tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B D E"]],
        tape: Tape,
    ) -> tuple[Float[np.ndarray, "..."], ...]:
        """Return the gradients of what went in, in its order.

        The states of all tokens are computed again: to save them takes T times D·E.
        """
        grad_context, grad_final_state = grad_outputs
        saved = tape.restore(self, grad_context)
        inputs = saved.decays, saved.keys, saved.values, saved.betas
        errors = errors_of(saved.state, *inputs)  # (*B, T, E)
        corrections = saved.betas[..., None] * errors  # (*B, T, E)
        writes = saved.keys[..., None] * corrections[..., None, :]  # (*B, T, D, E)
        decays = saved.decays  # (*B, T, D)
        states = decayed_sums(saved.state, writes, decays)  # (*B, T+1, D, E)
        faded = decays[..., None] * states[..., :-1, :, :]  # (*B, T, D, E)

        # 4. context = scale * queries @ states, a matrix product for each token.
        rows = saved.scale * grad_context[..., None, :]  # (*B, T, 1, E)
        grad_queries = (rows @ states[..., 1:, :, :].mT)[..., 0, :]  # (*B, T, D)
        grad_reads = saved.queries[..., None] * rows  # (*B, T, D, E)

        # 2-3. S_t = S' + k (β e)ᵀ with e = v - S'ᵀk and S' = Diag(a_t) S_(t-1).
        grad_errors = grad_errors_of(
            grad_final_state, grad_reads, saved.decays, saved.keys, saved.betas
        )  # (*B, T, E)
        of_reads = saved.keys[..., None] * grad_errors[..., None, :]  # (*B, T, D, E)
        grad_held, grad_state = later_sums(
            grad_final_state, grad_reads - of_reads, decays
        )  # (*B, T, D, E), (*B, D, E)
        grad_states = grad_held + of_reads  # (*B, T, D, E)
        grad_corrections = (saved.keys[..., None, :] @ grad_states)[..., 0, :]
        grad_values = saved.betas[..., None] * grad_corrections  # (*B, T, E)
        grad_betas = (grad_corrections * errors).sum(axis=-1)  # (*B, T)
        of_write = (grad_states @ corrections[..., None])[..., 0]  # (*B, T, D)
        of_error = (faded @ grad_errors[..., None])[..., 0]  # (*B, T, D)
        grad_keys = of_write - of_error  # (*B, T, D)
        of_decays = grad_held * states[..., :-1, :, :]  # (*B, T, D, E)
        grad_decays = of_decays.sum(axis=-1)  # (*B, T, D)

        # 1. decays = exp(log_decays), whose slope is exp itself.
        grad_log_decays = grad_decays * saved.decays  # (*B, T, D)
        gates = grad_log_decays, grad_betas
        return grad_queries, grad_keys, grad_values, *gates, grad_state


def errors_of(
    state: Float[np.ndarray, "*B D E"],
    decays: Float[np.ndarray, "*B T D"],
    keys: Float[np.ndarray, "*B T D"],
    values: Float[np.ndarray, "*B T E"],
    betas: Float[np.ndarray, "*B T"],
) -> Float[np.ndarray, "*B T E"]:
    """Return values minus what the state holds under their keys, faded at the token.

    >>> one = np.ones((1, 1))
    >>> errors_of(np.array([[8.0]]), np.array([[0.5]]), one, one, betas=np.array([0.5]))
    array([[-3.]])
    """
    errors = np.zeros_like(values)
    for t in range(keys.shape[-2]):
        key, beta = keys[..., t, :], betas[..., t, None]
        state = decays[..., t, :, None] * state
        error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
        state = state + key[..., None] * (beta * error)[..., None, :]
        errors[..., t, :] = error
    return errors


def grad_errors_of(
    grad_state: Float[np.ndarray, "*B D E"],
    grad_reads: Float[np.ndarray, "*B T D E"],
    decays: Float[np.ndarray, "*B T D"],
    keys: Float[np.ndarray, "*B T D"],
    betas: Float[np.ndarray, "*B T"],
) -> Float[np.ndarray, "*B T E"]:
    """Return the gradients of the errors, from the last token to the first.

    >>> one = np.ones((1, 1))
    >>> decays, betas = np.array([[0.5]]), np.array([0.5])
    >>> grad_errors_of(np.array([[3.0]]), one[None], decays, one, betas)
    array([[2.]])
    """
    grad_errors = np.zeros_like(grad_reads[..., 0, :])  # (*B, T, E)
    for t in reversed(range(keys.shape[-2])):
        key, beta = keys[..., t, :], betas[..., t, None]
        grad_state = grad_state + grad_reads[..., t, :, :]
        grad_errors[..., t, :] = beta * (key[..., None, :] @ grad_state)[..., 0, :]
        of_read = key[..., None] * grad_errors[..., t, None, :]
        grad_state = decays[..., t, :, None] * (grad_state - of_read)
    return grad_errors
