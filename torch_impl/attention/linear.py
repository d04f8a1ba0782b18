"""Linear attention: a state of fixed size in the place of all earlier keys and values.

Source: Katharopoulos et al. 2020, https://arxiv.org/abs/2006.16236
Twin:   reference/attention/linear.py
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.recurrence import (
    check_recurrence,
    check_shape,
    in_chunks,
    joined,
)
from torch_impl.attention.recurrent_state import RecurrentState as RecurrentState
from torch_impl.validation import check_sizes


class LinearAttention(nn.Module):
    """Causal attention with the weights φ(q)·φ(k), φ(x) = elu(x) + 1, over their sum.

    The sum over earlier tokens Σ φ(k) vᵀ is the state (D, E), the sum Σ φ(k) the
    normalizer (D). State in, state out: a text in chunks gives what it gives whole.

    `chunk_size` tokens are computed at once, as masked attention of the chunk and by
    the state before it: so work grows with T, not with T². It changes rounding alone.
    Differs from many models that have neither φ nor the normalizer: those are
    decayed_linear with decays of 1.

    All weights are φ(0)·φ(0) = 1, so each token gets the mean of the values so far.

    >>> attend = LinearAttention()
    >>> zeros, values = torch.zeros(2, 1), torch.tensor([[2.0], [4.0]])
    >>> attend(zeros, zeros, values)
    (tensor([[2.],
            [3.]]), tensor([[6.]]), tensor([2.]))
    """

    def __init__(self, chunk_size: int = 64):
        super().__init__()
        check_sizes(chunk_size=chunk_size)
        self.chunk_size = chunk_size

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B T D"],
        values: Float[Tensor, "*B T E"],
        state: Float[Tensor, "*B D E"] | None = None,
        normalizer: Float[Tensor, "*B D"] | None = None,
    ) -> tuple[
        Float[Tensor, "*B T E"],
        Float[Tensor, "*B D E"],
        Float[Tensor, "*B D"],
    ]:
        """Return context vectors, and state and normalizer behind the last token.

        Without a state the text begins here: both are zeros.
        """
        check_recurrence(queries, keys, values, state)
        *leading, n_tokens, dim = queries.shape
        check_shape("normalizer", normalizer, (*leading, dim))
        if state is None:
            state = values.new_zeros(*leading, dim, values.shape[-1])
        if normalizer is None:
            normalizer = values.new_zeros(*leading, dim)

        # 1. Feature map: φ(x) = elu(x) + 1, which is positive as exp is in softmax.
        query_features = feature_map(queries)
        key_features = feature_map(keys)

        # 2-3. Chunks: one more channel of values, which are 1, sums the normalizer.
        q, k, v = (
            in_chunks(x, self.chunk_size)
            for x in (query_features, key_features, with_ones(values))
        )  # (*B, N, L, D), (*B, N, L, D), (*B, N, L, E+1)
        before = torch.cat([state, normalizer.unsqueeze(-1)], dim=-1)  # (*B, D, E+1)
        chunk_writes = k.mT @ v  # (*B, N, D, E+1)
        all_writes = torch.cat([before.unsqueeze(-3), chunk_writes], dim=-3)
        chunk_states = all_writes.cumsum(dim=-3)  # (*B, N+1, D, E+1)
        outputs = q @ chunk_states[..., :-1, :, :] + (q @ k.mT).tril() @ v
        numerators = joined(outputs, n_tokens)[..., :-1]  # (*B, T, E)
        denominators = joined(outputs, n_tokens)[..., -1:]  # (*B, T, 1)
        final_state = chunk_states[..., -1, :, :-1]  # (*B, D, E)
        final_normalizer = chunk_states[..., -1, :, -1]  # (*B, D)

        # 4. Context vectors: values averaged by their weights, 0 if all those are 0.
        context = numerators / denominators.masked_fill(denominators == 0, 1)
        return context, final_state, final_normalizer


def feature_map(x: Float[Tensor, "*B T D"]) -> Float[Tensor, "*B T D"]:
    """Return elu(x) + 1: x + 1 above 0, exp(x) below.

    `F.elu(x) + 1` would round exp(x) - 1 first, and give 0 from x = -37 on.

    >>> feature_map(torch.tensor([[-0.0, 3.0]]))
    tensor([[1., 4.]])
    """
    return torch.where(x > 0, x + 1, x.clamp(max=0).exp())


def with_ones(values: Float[Tensor, "*B T E"]) -> Float[Tensor, "*B T E+1"]:
    """Add a channel of ones.

    >>> with_ones(torch.zeros(2, 1))
    tensor([[0., 1.],
            [0., 1.]])
    """
    return torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
