"""Linear attention: a state of fixed size in the place of all earlier keys and values.

Source: Katharopoulos et al. 2020, https://arxiv.org/abs/2006.16236
Twin:   torch_impl/attention/linear.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.recurrence import (
    check_recurrence,
    check_shape,
)
from reference.attention.recurrent_state import RecurrentState as RecurrentState
from reference.module import Module, check_sizes
from reference.tape import NO_TAPE, Tape


class LinearAttention(Module):
    """Causal attention with the weights φ(q)·φ(k), φ(x) = elu(x) + 1, over their sum.

    The sum over earlier tokens Σ φ(k) vᵀ is the state (D, E), the sum Σ φ(k) the
    normalizer (D). State in, state out: a text in chunks gives what it gives whole.

    Here tokens come one by one. On torch `chunk_size` of them are computed at once;
    that changes rounding alone. Differs from many models that have neither φ nor the
    normalizer: those are decayed_linear with decays of 1.

    All weights are φ(0)·φ(0) = 1, so each token gets the mean of the values so far.

    >>> attend = LinearAttention()
    >>> zeros, values = np.zeros((2, 1)), np.array([[2.0], [4.0]])
    >>> attend(zeros, zeros, values)
    (array([[2.],
           [3.]]), array([[6.]]), array([2.]))
    """

    def __init__(self, chunk_size: int = 64):
        check_sizes(chunk_size=chunk_size)
        self.chunk_size = chunk_size

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B T D"],
        values: Float[np.ndarray, "*B T E"],
        state: Float[np.ndarray, "*B D E"] | None = None,
        normalizer: Float[np.ndarray, "*B D"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> tuple[
        Float[np.ndarray, "*B T E"],
        Float[np.ndarray, "*B D E"],
        Float[np.ndarray, "*B D"],
    ]:
        """Return context vectors, and state and normalizer behind the last token.

        Without a state the text begins here: both are zeros.
        """
        check_recurrence(queries, keys, values, state)
        *leading, _, dim = queries.shape
        check_shape("normalizer", normalizer, (*leading, dim))
        if state is None:
            state = np.zeros((*leading, dim, values.shape[-1]), values.dtype)
        if normalizer is None:
            normalizer = np.zeros((*leading, dim), values.dtype)

        # 1. Feature map: φ(x) = elu(x) + 1, which is positive as exp is in softmax.
        query_features = feature_map(queries)
        key_features = feature_map(keys)

        # 2. Recurrence: each token adds φ(k) vᵀ to the state, φ(k) to the normalizer.
        writes = key_features[..., None] * values[..., None, :]  # (*B, T, D, E)
        states = decayed_sums(state, writes)  # (*B, T+1, D, E)
        columns = normalizer[..., None], key_features[..., None]
        normalizers = decayed_sums(*columns)  # (*B, T+1, D, 1)
        final_state = states[..., -1, :, :]  # (*B, D, E)
        final_normalizer = normalizers[..., -1, :, 0]  # (*B, D)

        # 3. Read: each query reads state and normalizer behind its own token.
        rows = query_features[..., None, :]  # (*B, T, 1, D)
        numerators = (rows @ states[..., 1:, :, :])[..., 0, :]  # (*B, T, E)
        denominators = (rows @ normalizers[..., 1:, :, :])[..., 0]  # (*B, T, 1)

        # 4. Context vectors: values averaged by their weights, 0 if all those are 0.
        context = numerators / np.where(denominators == 0, 1, denominators)
        inputs = {"queries": queries, "keys": keys, "values": values}
        inputs |= {"state": state, "normalizer": normalizer}
        tape.save(self, context, **inputs, context=context, denominators=denominators)
        return context, final_state, final_normalizer

    def backward(
        self, grad_outputs: tuple[Float[np.ndarray, "..."], ...], tape: Tape
    ) -> tuple[Float[np.ndarray, "..."], ...]:
        """Return the gradients of queries, keys, values, state and normalizer.

        The states of all tokens are computed again: to save them takes T times D·E.
        """
        grad_context, grad_final_state, grad_final_normalizer = grad_outputs
        saved = tape.restore(self, grad_context)
        query_features = feature_map(saved.queries)
        key_features = feature_map(saved.keys)
        writes = key_features[..., None] * saved.values[..., None, :]
        states = decayed_sums(saved.state, writes)[..., 1:, :, :]  # (*B, T, D, E)
        columns = saved.normalizer[..., None], key_features[..., None]
        normalizers = decayed_sums(*columns)[..., 1:, :, 0]  # (*B, T, D)

        # 4. context = numerators / denominators, the quotient rule.
        divisors = np.where(saved.denominators == 0, 1, saved.denominators)
        grad_numerators = grad_context / divisors  # (*B, T, E)
        products = grad_numerators * saved.context  # (*B, T, E)
        grad_denominators = -products.sum(axis=-1, keepdims=True)  # (*B, T, 1)

        # 3. numerators, denominators = φ(q) @ states, φ(q) @ normalizers.
        of_states = (grad_numerators[..., None, :] @ states.mT)[..., 0, :]
        grad_query_features = of_states + grad_denominators * normalizers
        grad_states = query_features[..., None] * grad_numerators[..., None, :]
        grad_normalizers = query_features * grad_denominators  # (*B, T, D)

        # 2. S_t = S_(t-1) + φ(k) vᵀ: what is written is in all later states.
        grad_writes, grad_state = later_sums(grad_final_state, grad_states)
        columns = grad_final_normalizer[..., None], grad_normalizers[..., None]
        of_sums, of_first = later_sums(*columns)  # (*B, T, D, 1), (*B, D, 1)
        grad_normalizer = of_first[..., 0]  # (*B, D)
        grad_values = (key_features[..., None, :] @ grad_writes)[..., 0, :]
        of_writes = (grad_writes @ saved.values[..., None])[..., 0]  # (*B, T, D)
        grad_key_features = of_writes + of_sums[..., 0]  # (*B, T, D)

        # 1. φ(x) = x + 1 above 0, exp(x) below: the slopes are 1 and exp(x).
        grad_queries = grad_query_features * np.minimum(query_features, 1)
        grad_keys = grad_key_features * np.minimum(key_features, 1)
        return grad_queries, grad_keys, grad_values, grad_state, grad_normalizer


def feature_map(x: Float[np.ndarray, "*B T D"]) -> Float[np.ndarray, "*B T D"]:
    """Return elu(x) + 1: x + 1 above 0, exp(x) below.

    >>> feature_map(np.array([[-np.log(2), 0.0, 3.0]]))
    array([[0.5, 1. , 4. ]])
    """
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def decayed_sums(
    before: Float[np.ndarray, "*B D E"],
    writes: Float[np.ndarray, "*B T D E"],
    decays: Float[np.ndarray, "*B T F"] | None = None,
) -> Float[np.ndarray, "*B T+1 D E"]:
    """Add up what is written: the state before the first token, and behind each.

    With decays, one for each token (F = 1) or for each of its channels (F = D), the sum
    so far decays before it is added to.

    >>> before, writes = np.array([[8.0]]), np.array([[[1.0]], [[2.0]]])
    >>> decayed_sums(before, writes)[:, 0, 0]
    array([ 8.,  9., 11.])
    >>> decayed_sums(before, writes, decays=np.array([[0.5], [0.1]]))[:, 0, 0]
    array([8. , 5. , 2.5])
    """
    sums = np.concatenate([before[..., None, :, :], writes], axis=-3)
    for t in range(writes.shape[-3]):
        left = sums[..., t, :, :]
        if decays is not None:
            left = decays[..., t, :, None] * left
        sums[..., t + 1, :, :] = left + writes[..., t, :, :]
    return sums


def later_sums(
    after: Float[np.ndarray, "*B D E"],
    reads: Float[np.ndarray, "*B T D E"],
    decays: Float[np.ndarray, "*B T F"] | None = None,
) -> tuple[Float[np.ndarray, "*B T D E"], Float[np.ndarray, "*B D E"]]:
    """Add up gradients from the end: those of the writes, and of the state before all.

    A write is in its own state and in all later ones, decayed.

    >>> after, reads = np.array([[8.0]]), np.array([[[1.0]], [[2.0]]])
    >>> sums, before = later_sums(after, reads, decays=np.array([[0.5], [0.1]]))
    >>> sums[:, 0, 0], before
    (array([ 2., 10.]), array([[1.]]))
    """
    sums = np.zeros_like(reads)
    for t in reversed(range(reads.shape[-3])):
        sums[..., t, :, :] = reads[..., t, :, :] + after
        after = sums[..., t, :, :]
        if decays is not None:
            after = decays[..., t, :, None] * after
    return sums, after
