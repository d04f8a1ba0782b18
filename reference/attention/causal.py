"""Causal attention: each token mixes itself and what came before it.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3.
Twin:   torch_impl/attention/causal.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.module import Module
from reference.primitives.linear import Linear
from reference.refusals import (
    refuse_dropout,
    refuse_input,
    refuse_length,
    refuse_sizes,
)


class CausalAttention(Module):
    """One attention head that cannot look ahead, with dropout on its weights.

    The first of two tokens sees itself alone; the second sees both alike, since
    its query is zero.

    >>> head = CausalAttention(1, 1, context_length=2, dropout=0.0)
    >>> one, zero = [[1.0]], [[0.0]]
    >>> head.load_state_dict(
    ...     {"W_query.weight": zero, "W_key.weight": one, "W_value.weight": one}
    ... )
    >>> head(np.array([[2.0], [4.0]]))
    array([[2.],
           [3.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        refuse_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        refuse_dropout(dropout)
        self.rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.context_length = context_length
        self.dropout = dropout
        self.W_query = Linear(d_in, d_out, qkv_bias, self.rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, self.rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, self.rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        *,
        keep: Bool[np.ndarray, "*B T T"] | None = None,
    ) -> Float[np.ndarray, "*B T D"]:
        """Mix values by how well their keys match each query.

        `keep[…, t, s]` is True where dropout spares the weight of key s for
        query t; None draws it from this module's generator.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape, or is longer than the context.
        """
        refuse_input(x, self.d_in)
        n_tokens = x.shape[-2]
        refuse_length(n_tokens, self.context_length)

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Score every query against every key.
        scale = 1 / math.sqrt(keys.shape[-1])
        scores = queries @ keys.swapaxes(-2, -1) * scale  # (*B, T, T)

        # 3. Hide the future: token t sees tokens 0..t.
        visible = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked = np.where(visible, scores, -np.inf)  # (*B, T, T)

        # 4. Turn each row of scores into weights that sum to one.
        highest = masked.max(axis=-1, keepdims=True, initial=-np.inf)
        raised = np.exp(masked - highest)
        weights = raised / raised.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 5. While training, drop weights at random and scale up the rest.
        kept = weights  # (*B, T, T)
        if self.training and self.dropout > 0:
            if keep is None:
                keep = self.rng.random(weights.shape) >= self.dropout
            raise_by = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0
            kept = weights * keep * raise_by

        # 6. Mix the values by those weights.
        context = kept @ values  # (*B, T, D)
        return context
