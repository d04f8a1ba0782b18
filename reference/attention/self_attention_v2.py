"""Self-attention with `Linear` projections, as every later variant has them.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka 2024, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the weights are linear layers.
Twin:   torch_impl/attention/self_attention_v2.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.gradients import dotted, recalled
from reference.module import Module
from reference.primitives.linear import Linear
from reference.refusals import refuse_input, refuse_sizes


class SelfAttentionV2(Module):
    """One attention head that sees every token; its weights are linear layers.

    Both tokens see both alike, since their queries are zero; each value is the
    token, and ten times the token.

    >>> head = SelfAttentionV2(1, 2)
    >>> zero, value = [[0.0], [0.0]], [[1.0], [10.0]]
    >>> head.load_state_dict(
    ...     {"W_query.weight": zero, "W_key.weight": value, "W_value.weight": value}
    ... )
    >>> head(np.array([[2.0], [4.0]]))
    array([[ 3., 30.],
           [ 3., 30.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        refuse_sizes(d_in=d_in, d_out=d_out)
        rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.W_query = Linear(d_in, d_out, qkv_bias, rng)
        self.W_key = Linear(d_in, d_out, qkv_bias, rng)
        self.W_value = Linear(d_in, d_out, qkv_bias, rng)

    def forward(self, x: Float[np.ndarray, "*B T C"]) -> Float[np.ndarray, "*B T D"]:
        """Mix values by how well their keys match each query.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape.
        """
        refuse_input(x, self.d_in)

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Score every query against every key.
        scale = 1 / math.sqrt(keys.shape[-1])
        scores = queries @ keys.swapaxes(-2, -1) * scale  # (*B, T, T)

        # 3. Turn each row of scores into weights that sum to one.
        highest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        raised = np.exp(scores - highest)
        weights = raised / raised.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 4. Mix the values by those weights.
        context = weights @ values  # (*B, T, D)
        self._made = queries, keys, values, scale, weights, context
        return context

    def backward(
        self, grad_output: Float[np.ndarray, "*B T D"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` and of every weight, by name.

        The loss is twice the context of the second token, whose query is zero: it sees
        both values, 2 and 4, alike, and gains by raising the weight of the second.

        >>> head = SelfAttentionV2(1, 1)
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
        queries, keys, values, scale, weights, _ = recalled(self, grad_output)

        # 4. A mixture passes its gradient on to its weights and to its values.
        grad_weights = grad_output @ values.mT  # (*B, T, T)
        grad_values = weights.mT @ grad_output  # (*B, T, D)

        # 3. Weights sum to one: only what exceeds the row's average passes.
        average = (weights * grad_weights).sum(axis=-1, keepdims=True)
        grad_scores = weights * (grad_weights - average)  # (*B, T, T)

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
