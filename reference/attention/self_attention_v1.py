"""Self-attention with weights: each token asks, offers a key, and gives a value.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka 2024, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the weights are bare parameters.
Twin:   torch_impl/attention/self_attention_v1.py
"""

import math

import numpy as np
from jaxtyping import Float

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
        return context
