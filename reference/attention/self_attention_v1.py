"""Self-attention with weights: each token asks, offers a key, and gives a value.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka 2024, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the weights are bare parameters.
Twin:   torch_impl/attention/self_attention_v1.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.gradients import recalled
from reference.module import Module
from reference.refusals import refuse_input, refuse_sizes


class SelfAttentionV1(Module):
    """One attention head that sees every token; its weights are bare arrays.

    Differs from every later variant: the weights are laid out (in, out), and drawn
    uniformly from [0, 1).

    Both tokens see both alike, since their queries are zero; each value is the
    token, and ten times the token.

    >>> head = SelfAttentionV1(1, 2)
    >>> zero, value = [[0.0, 0.0]], [[1.0, 10.0]]
    >>> head.load_state_dict({"W_query": zero, "W_key": value, "W_value": value})
    >>> head(np.array([[2.0], [4.0]]))
    array([[ 3., 30.],
           [ 3., 30.]])
    """

    def __init__(
        self, d_in: int, d_out: int, *, rng: np.random.Generator | None = None
    ):
        refuse_sizes(d_in=d_in, d_out=d_out)
        rng = rng or np.random.default_rng()
        self.d_in = d_in
        self.W_query = rng.random((d_in, d_out))
        self.W_key = rng.random((d_in, d_out))
        self.W_value = rng.random((d_in, d_out))

    def forward(self, x: Float[np.ndarray, "*B T C"]) -> Float[np.ndarray, "*B T D"]:
        """Mix values by how well their keys match each query.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape.
        """
        refuse_input(x, self.d_in)

        # 1. Project every token to a query, a key and a value.
        queries = x @ self.W_query  # (*B, T, D)
        keys = x @ self.W_key  # (*B, T, D)
        values = x @ self.W_value  # (*B, T, D)

        # 2. Score every query against every key.
        scale = 1 / math.sqrt(keys.shape[-1])
        scores = queries @ keys.swapaxes(-2, -1) * scale  # (*B, T, T)

        # 3. Turn each row of scores into weights that sum to one.
        highest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        raised = np.exp(scores - highest)
        weights = raised / raised.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 4. Mix the values by those weights.
        context = weights @ values  # (*B, T, D)
        self._made = x, queries, keys, values, scale, weights, context
        return context

    def backward(
        self, grad_output: Float[np.ndarray, "*B T D"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` and of every weight, by name.

        The loss is twice the context of the second token, whose query is zero: it sees
        both values, 2 and 4, alike, and gains by raising the weight of the second.

        >>> head = SelfAttentionV1(1, 1)
        >>> one, zero = [[1.0]], [[0.0]]
        >>> head.load_state_dict({"W_query": zero, "W_key": one, "W_value": one})
        >>> context = head(np.array([[2.0], [4.0]]))
        >>> gradients = head.backward(np.array([[0.0], [2.0]]))
        >>> for name, gradient in gradients.items():
        ...     print(name, gradient.tolist())
        x [[1.0], [1.0]]
        W_query [[8.0]]
        W_key [[0.0]]
        W_value [[6.0]]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        x, queries, keys, values, scale, weights, _ = recalled(self, grad_output)

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
        from_queries = grad_queries @ self.W_query.T  # (*B, T, C)
        from_keys = grad_keys @ self.W_key.T  # (*B, T, C)
        from_values = grad_values @ self.W_value.T  # (*B, T, C)
        grad_x = from_queries + from_keys + from_values  # (*B, T, C)
        return {
            "x": grad_x,
            "W_query": summed_over_tokens(x, grad_queries),
            "W_key": summed_over_tokens(x, grad_keys),
            "W_value": summed_over_tokens(x, grad_values),
        }


def summed_over_tokens(
    x: Float[np.ndarray, "*B T C"], grad_projected: Float[np.ndarray, "*B T D"]
) -> Float[np.ndarray, "C D"]:
    """Return the gradient of an (in, out) weight: what every token passes to it.

    >>> summed_over_tokens(np.array([[3.0], [4.0]]), np.array([[1.0], [10.0]]))
    array([[43.]])
    """
    rows = x.reshape(-1, x.shape[-1])
    return rows.T @ grad_projected.reshape(-1, grad_projected.shape[-1])
