"""Causal attention: each token mixes itself and what came before it.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3.
Twin:   torch_impl/attention/causal.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.gradients import dotted, recalled
from reference.module import Module
from reference.primitives.dropout_mask import refuse_keep
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
            TypeError: `x` does not hold floating-point numbers, or `keep` other than
                truth values.
            ValueError: `x` or `keep` has another shape, or the text is longer than the
                context.
        """
        refuse_input(x, self.d_in)
        n_tokens = x.shape[-2]
        refuse_length(n_tokens, self.context_length)
        refuse_keep(keep, (*x.shape[:-1], n_tokens))

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
        spared, raise_by = np.array(True), 1.0
        if self.training and self.dropout > 0:
            if keep is None:
                keep = self.rng.random(weights.shape) >= self.dropout
            spared = keep
            raise_by = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0
            kept = weights * keep * raise_by

        # 6. Mix the values by those weights.
        context = kept @ values  # (*B, T, D)
        self._made = (queries, keys, values, scale, visible, weights)
        self._made += (spared, raise_by, kept, context)
        return context

    def backward(
        self, grad_output: Float[np.ndarray, "*B T D"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` and of every weight, by name.

        The loss is twice the context of the second token, whose query is zero: it sees
        both values, 2 and 4, alike, and gains by raising the weight of the second.

        >>> head = CausalAttention(1, 1, context_length=2, dropout=0.0)
        >>> one, zero = [[1.0]], [[0.0]]
        >>> head.load_state_dict(
        ...     {"W_query.weight": zero, "W_key.weight": one, "W_value.weight": one}
        ... )
        >>> context = head(np.array([[2.0], [4.0]]))
        >>> gradients = head.backward(np.array([[0.0], [2.0]]))
        >>> for name, gradient in gradients.items():
        ...     print(name, gradient.tolist())
        x [[1.0], [1.0]]
        W_query.weight [[8.0]]
        W_key.weight [[0.0]]
        W_value.weight [[6.0]]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        made = recalled(self, grad_output)
        queries, keys, values, scale, visible, weights, spared, raise_by, kept, _ = made

        # 6. A mixture passes its gradient on to its weights and to its values.
        grad_kept = grad_output @ values.mT  # (*B, T, T)
        grad_values = kept.mT @ grad_output  # (*B, T, D)

        # 5. What was dropped passes nothing on, the rest as much more as it was raised.
        grad_weights = grad_kept * spared * raise_by  # (*B, T, T)

        # 4. Weights sum to one: only what exceeds the row's average passes.
        average = (weights * grad_weights).sum(axis=-1, keepdims=True)
        grad_masked = weights * (grad_weights - average)  # (*B, T, T)

        # 3. What was hidden passes nothing on.
        grad_scores = np.where(visible, grad_masked, 0.0)  # (*B, T, T)

        # 2. A score is a product of query and key: each gets the other's share.
        grad_queries = grad_scores @ keys * scale  # (*B, T, D)
        grad_keys = grad_scores.mT @ queries * scale  # (*B, T, D)

        # 1. A token gets what comes back through its query, its key and its value.
        of_queries = self.W_query.backward(grad_queries)
        of_keys = self.W_key.backward(grad_keys)
        of_values = self.W_value.backward(grad_values)
        grad_x = of_queries["x"] + of_keys["x"] + of_values["x"]  # (*B, T, C)
        parts = {"W_query": of_queries, "W_key": of_keys, "W_value": of_values}
        return {"x": grad_x, **dotted(parts)}
