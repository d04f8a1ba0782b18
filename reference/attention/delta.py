"""Delta rule attention: a key overwrites what the state holds under it.

Source: Schlag et al. 2021, https://arxiv.org/abs/2102.11174; in chunks: Yang et al.
        2024, https://arxiv.org/abs/2406.06484.
Twin:   torch_impl/attention/delta.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.attention.linear import decayed_sums, later_sums
from reference.attention.recurrence import check_recurrence
from reference.module import Module, check_sizes
from reference.tape import NO_TAPE, Tape


class DeltaRuleAttention(Module):
    """Correct the state by β k (v - Sᵀk)ᵀ at each token; read o_t = scale · S_tᵀ q_t.

    Sᵀk is what the state holds under the key. With β = 1 and keys of norm 1 it holds v
    afterwards; with β = 0 nothing is written. Keys are taken as they are: the caller
    brings them to norm 1, as models do, or the state may grow without end. `scale` is
    1/√D unless it is given.

    Here tokens come one by one. On torch `chunk_size` of them are computed at once;
    that changes rounding alone.

    The second token has the first one's key: its value takes the place of the other.

    >>> attend = DeltaRuleAttention()
    >>> ones, values = np.ones((2, 1)), np.array([[8.0], [1.0]])
    >>> attend(ones, ones, values, betas=np.ones(2))
    (array([[8.],
           [1.]]), array([[1.]]))
    """

    def __init__(self, scale: float | None = None, chunk_size: int = 64):
        check_sizes(chunk_size=chunk_size)
        self.scale, self.chunk_size = scale, chunk_size

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B T D"],
        values: Float[np.ndarray, "*B T E"],
        betas: Float[np.ndarray, "*B T"],
        state: Float[np.ndarray, "*B D E"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B D E"]]:
        """Return context vectors, and the state behind the last token."""
        check_recurrence(queries, keys, values, state, betas)
        *leading, _, dim = queries.shape
        if state is None:
            state = np.zeros((*leading, dim, values.shape[-1]), values.dtype)

        # 1. Corrections: β times the error of what the state holds under the key.
        errors = errors_of(state, keys, values, betas)
        corrections = betas[..., None] * errors  # (*B, T, E)

        # 2. State: the sum of all corrections, each written under its key.
        writes = keys[..., None] * corrections[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(state, writes)  # (*B, T+1, D, E)
        final_state = states[..., -1, :, :]  # (*B, D, E)

        # 3. Read: each query reads the state behind its own token, scaled.
        scale = 1 / math.sqrt(dim) if self.scale is None else self.scale
        rows = scale * queries[..., None, :]  # (*B, T, 1, D)
        context = (rows @ states[..., 1:, :, :])[..., 0, :]  # (*B, T, E)
        inputs = {"queries": queries, "keys": keys, "values": values, "betas": betas}
        tape.save(self, context, **inputs, state=state, scale=scale)
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
        inputs = saved.keys, saved.values, saved.betas
        errors = errors_of(saved.state, *inputs)  # (*B, T, E)
        corrections = saved.betas[..., None] * errors  # (*B, T, E)
        writes = saved.keys[..., None] * corrections[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(saved.state, writes)  # (*B, T+1, D, E)

        # 3. context = scale * queries @ states, a matrix product for each token.
        rows = saved.scale * grad_context[..., None, :]  # (*B, T, 1, E)
        grad_queries = (rows @ states[..., 1:, :, :].mT)[..., 0, :]  # (*B, T, D)
        grad_reads = saved.queries[..., None] * rows  # (*B, T, D, E)

        # 1-2. S_t = S_(t-1) + k (β e)ᵀ with e = v - S_(t-1)ᵀ k, the product rule.
        grad_errors = grad_errors_of(
            grad_final_state, grad_reads, saved.keys, saved.betas
        )  # (*B, T, E)
        of_reads = saved.keys[..., None] * grad_errors[..., None, :]  # (*B, T, D, E)
        grad_held, grad_state = later_sums(
            grad_final_state, grad_reads - of_reads
        )  # (*B, T, D, E), (*B, D, E)
        grad_states = grad_held + of_reads  # (*B, T, D, E)
        grad_corrections = (saved.keys[..., None, :] @ grad_states)[..., 0, :]
        grad_values = saved.betas[..., None] * grad_corrections  # (*B, T, E)
        grad_betas = (grad_corrections * errors).sum(axis=-1)  # (*B, T)
        of_write = (grad_states @ corrections[..., None])[..., 0]  # (*B, T, D)
        of_error = (states[..., :-1, :, :] @ grad_errors[..., None])[
            ..., 0
        ]  # (*B, T, D)
        grad_keys = of_write - of_error  # (*B, T, D)
        return grad_queries, grad_keys, grad_values, grad_betas, grad_state


def errors_of(
    state: Float[np.ndarray, "*B D E"],
    keys: Float[np.ndarray, "*B T D"],
    values: Float[np.ndarray, "*B T E"],
    betas: Float[np.ndarray, "*B T"],
) -> Float[np.ndarray, "*B T E"]:
    """Return values minus what the state holds under their keys, token by token.

    >>> ones, values = np.ones((2, 1)), np.array([[8.0], [1.0]])
    >>> errors_of(np.zeros((1, 1)), ones, values, betas=np.ones(2))
    array([[ 8.],
           [-7.]])
    """
    errors = np.zeros_like(values)
    for t in range(keys.shape[-2]):
        key, beta = keys[..., t, :], betas[..., t, None]
        error = values[..., t, :] - (key[..., None, :] @ state)[..., 0, :]
        state = state + key[..., None] * (beta * error)[..., None, :]
        errors[..., t, :] = error
    return errors


def grad_errors_of(
    grad_state: Float[np.ndarray, "*B D E"],
    grad_reads: Float[np.ndarray, "*B T D E"],
    keys: Float[np.ndarray, "*B T D"],
    betas: Float[np.ndarray, "*B T"],
) -> Float[np.ndarray, "*B T E"]:
    """Return the gradients of the errors, from the last token to the first.

    >>> one = np.ones((1, 1))
    >>> betas = np.array([0.5])
    >>> grad_errors_of(np.array([[3.0]]), one[None], one, betas)
    array([[2.]])
    """
    grad_errors = np.zeros_like(grad_reads[..., 0, :])  # (*B, T, E)
    for t in reversed(range(keys.shape[-2])):
        key, beta = keys[..., t, :], betas[..., t, None]
        grad_state = grad_state + grad_reads[..., t, :, :]
        grad_errors[..., t, :] = beta * (key[..., None, :] @ grad_state)[..., 0, :]
        of_read = key[..., None] * grad_errors[..., t, None, :]
        grad_state = grad_state - of_read
    return grad_errors
