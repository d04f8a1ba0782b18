"""Multi-head attention: one projection, split into heads that attend in parallel.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2.
Twin:   torch_impl/attention/multi_head.py
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
    refuse_uneven_heads,
)


class MultiHeadAttention(Module):
    """Causal heads over channels of their own, mixed by an output projection.

    `d_out` counts the channels of all heads together; head h reads the h-th run of
    d_out / num_heads channels.

    Queries are zero, so each head averages the channel it sees: 2, then (2 + 4) / 2,
    and 0, then (0 + 6) / 2. The output projection swaps the two and adds one to the
    second.

    >>> attention = MultiHeadAttention(2, 2, 2, dropout=0.0, num_heads=2)
    >>> same, swap = [[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
    >>> attention.load_state_dict(
    ...     {
    ...         "W_query.weight": [[0.0, 0.0], [0.0, 0.0]],
    ...         "W_key.weight": same,
    ...         "W_value.weight": same,
    ...         "out_proj.weight": swap,
    ...         "out_proj.bias": [0.0, 1.0],
    ...     }
    ... )
    >>> attention(np.array([[2.0, 0.0], [4.0, 6.0]]))
    array([[0., 3.],
           [3., 4.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        refuse_sizes(
            d_in=d_in, d_out=d_out, context_length=context_length, num_heads=num_heads
        )
        refuse_uneven_heads(d_out, num_heads)
        refuse_dropout(dropout)
        self.rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.context_length = context_length
        self.dropout = dropout
        self.num_heads = num_heads
        self.head_dim = d_out // num_heads
        self.W_query = Linear(d_in, d_out, qkv_bias, self.rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, self.rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, self.rng)
        self.out_proj = Linear(d_out, d_out, True, self.rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        *,
        keep: Bool[np.ndarray, "*B H T T"] | None = None,
    ) -> Float[np.ndarray, "*B T E"]:
        """Mix values by how well their keys match each query, head by head.

        `keep[…, h, t, s]` is True where dropout spares the weight of key s for
        query t in head h; None draws it from this module's generator.

        Raises:
            TypeError: `x` does not hold floating-point numbers, or `keep` other than
                truth values.
            ValueError: `x` or `keep` has another shape, or the text is longer than the
                context.
        """
        refuse_input(x, self.d_in)
        n_tokens = x.shape[-2]
        refuse_length(n_tokens, self.context_length)
        refuse_keep(keep, (*x.shape[:-2], self.num_heads, n_tokens, n_tokens))

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(x)  # (*B, T, E)
        values = self.W_value(x)  # (*B, T, E)

        # 2. Split their channels into heads, and put the heads first.
        split = (*x.shape[:-1], self.num_heads, self.head_dim)
        head_queries = queries.reshape(split).swapaxes(-3, -2)  # (*B, H, T, D)
        head_keys = keys.reshape(split).swapaxes(-3, -2)  # (*B, H, T, D)
        head_values = values.reshape(split).swapaxes(-3, -2)  # (*B, H, T, D)

        # 3. Score every query against every key of the same head.
        scale = 1 / math.sqrt(self.head_dim)
        scores = head_queries @ head_keys.swapaxes(-2, -1) * scale  # (*B, H, T, T)

        # 4. Hide the future: token t sees tokens 0..t.
        visible = np.tri(n_tokens, dtype=bool)  # (T, T)
        masked = np.where(visible, scores, -np.inf)  # (*B, H, T, T)

        # 5. Turn each row of scores into weights that sum to one.
        highest = masked.max(axis=-1, keepdims=True, initial=-np.inf)
        raised = np.exp(masked - highest)
        weights = raised / raised.sum(axis=-1, keepdims=True)  # (*B, H, T, T)

        # 6. While training, drop weights at random and scale up the rest.
        kept = weights  # (*B, H, T, T)
        spared, raise_by = np.array(True), 1.0
        if self.training and self.dropout > 0:
            if keep is None:
                keep = self.rng.random(weights.shape) >= self.dropout
            spared = keep
            raise_by = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0
            kept = weights * keep * raise_by

        # 7. Mix the values by those weights.
        head_context = kept @ head_values  # (*B, H, T, D)

        # 8. Put the heads side by side again.
        context = head_context.swapaxes(-3, -2).reshape(queries.shape)  # (*B, T, E)

        # 9. Mix what the heads found.
        output = self.out_proj(context)  # (*B, T, E)
        self._made = (head_queries, head_keys, head_values, scale, visible)
        self._made += (weights, spared, raise_by, kept, output)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` and of every weight, by name.

        The loss is twice the second token's first channel, which the projection takes
        from the second head: it sees 0 and 6 alike, and gains by raising the latter.

        >>> attention = MultiHeadAttention(2, 2, 2, dropout=0.0, num_heads=2)
        >>> same, swap = [[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]
        >>> attention.load_state_dict(
        ...     {
        ...         "W_query.weight": [[0.0, 0.0], [0.0, 0.0]],
        ...         "W_key.weight": same,
        ...         "W_value.weight": same,
        ...         "out_proj.weight": swap,
        ...         "out_proj.bias": [0.0, 1.0],
        ...     }
        ... )
        >>> output = attention(np.array([[2.0, 0.0], [4.0, 6.0]]))
        >>> gradients = attention.backward(np.array([[0.0, 0.0], [2.0, 0.0]]))
        >>> for name, gradient in gradients.items():
        ...     print(name, gradient.tolist())
        x [[0.0, 1.0], [0.0, 1.0]]
        W_query.weight [[0.0, 0.0], [72.0, 108.0]]
        W_key.weight [[0.0, 0.0], [0.0, 0.0]]
        W_value.weight [[0.0, 0.0], [6.0, 6.0]]
        out_proj.weight [[6.0, 6.0], [0.0, 0.0]]
        out_proj.bias [2.0, 0.0]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        made = recalled(self, grad_output)
        head_queries, head_keys, head_values, scale, visible = made[:5]
        weights, spared, raise_by, kept, _ = made[5:]
        joined = grad_output.shape
        heads = (*joined[:-1], self.num_heads, self.head_dim)

        # 9. The projection passes its gradient on to what the heads found.
        of_output = self.out_proj.backward(grad_output)
        grad_context = of_output["x"]  # (*B, T, E)

        # 8. Split it into heads again, and put the heads first.
        grad_head_context = grad_context.reshape(heads).swapaxes(
            -3, -2
        )  # (*B, H, T, D)

        # 7. A mixture passes its gradient on to its weights and to its values.
        grad_kept = grad_head_context @ head_values.mT  # (*B, H, T, T)
        grad_head_values = kept.mT @ grad_head_context  # (*B, H, T, D)

        # 6. What was dropped passes nothing on, the rest as much more as it was raised.
        grad_weights = grad_kept * spared * raise_by  # (*B, H, T, T)

        # 5. Weights sum to one: only what exceeds the row's average passes.
        average = (weights * grad_weights).sum(axis=-1, keepdims=True)
        grad_masked = weights * (grad_weights - average)  # (*B, H, T, T)

        # 4. What was hidden passes nothing on.
        grad_scores = np.where(visible, grad_masked, 0.0)  # (*B, H, T, T)

        # 3. A score is a product of query and key: each gets the other's share.
        grad_head_queries = grad_scores @ head_keys * scale  # (*B, H, T, D)
        grad_head_keys = grad_scores.mT @ head_queries * scale  # (*B, H, T, D)

        # 2. Put the heads side by side again.
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(joined)  # (*B, T, E)
        grad_keys = grad_head_keys.swapaxes(-3, -2).reshape(joined)  # (*B, T, E)
        grad_values = grad_head_values.swapaxes(-3, -2).reshape(joined)  # (*B, T, E)

        # 1. A token gets what comes back through its query, its key and its value.
        of_queries = self.W_query.backward(grad_queries)
        of_keys = self.W_key.backward(grad_keys)
        of_values = self.W_value.backward(grad_values)
        grad_x = of_queries["x"] + of_keys["x"] + of_values["x"]  # (*B, T, C)
        parts = {"W_query": of_queries, "W_key": of_keys, "W_value": of_values}
        return {"x": grad_x, **dotted(parts | {"out_proj": of_output})}
