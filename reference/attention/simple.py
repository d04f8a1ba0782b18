"""Simple self-attention: each token mixes all tokens, by how alike they are.

Source: Raschka 2024, *Build a Large Language Model (From Scratch)*, section 3.3;
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1, without
        the scale and with the inputs themselves as queries, keys and values.
Twin:   torch_impl/attention/simple.py
"""

import numpy as np
from jaxtyping import Float

from reference.gradients import recalled
from reference.module import Module
from reference.refusals import refuse_input


class SimpleSelfAttention(Module):
    """Attention without weights: tokens are compared and mixed as they are.

    Differs from all that follow: the scores are not scaled.

    The book's six tokens, followed by hand for the second one: its scores are dot
    products, their exponentials divided by their sum are its weights, and its
    context is the sum of the tokens, each times its weight.

    >>> x = np.array(
    ...     [
    ...         [0.43, 0.15, 0.89],
    ...         [0.55, 0.87, 0.66],
    ...         [0.57, 0.85, 0.64],
    ...         [0.22, 0.58, 0.33],
    ...         [0.77, 0.25, 0.10],
    ...         [0.05, 0.80, 0.55],
    ...     ]
    ... )
    >>> scores = x @ x[1]
    >>> scores.round(4)
    array([0.9544, 1.495 , 1.4754, 0.8434, 0.707 , 1.0865])
    >>> weights = np.exp(scores) / np.exp(scores).sum()
    >>> weights.round(4)
    array([0.1385, 0.2379, 0.2333, 0.124 , 0.1082, 0.1581])
    >>> (weights @ x).round(4)
    array([0.4419, 0.6515, 0.5683])

    >>> SimpleSelfAttention()(x)[1].round(4)
    array([0.4419, 0.6515, 0.5683])
    """

    def forward(self, x: Float[np.ndarray, "*B T C"]) -> Float[np.ndarray, "*B T C"]:
        """Mix all tokens by how well they match each token.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has fewer than two axes.
        """
        refuse_input(x, None)

        # 1. Score every token against every token.
        scores = x @ x.swapaxes(-2, -1)  # (*B, T, T)

        # 2. Turn each row of scores into weights that sum to one.
        highest = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        raised = np.exp(scores - highest)
        weights = raised / raised.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 3. Mix the tokens by those weights.
        context = weights @ x  # (*B, T, C)
        self._made = x, weights, context
        return context

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` by its name.

        Tokens of zero weigh each other alike, and only their mixing has a gradient:
        each token is half of each context.

        >>> attention = SimpleSelfAttention()
        >>> context = attention(np.zeros((2, 1)))
        >>> attention.backward(np.array([[1.0], [10.0]]))["x"].tolist()
        [[5.5], [5.5]]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        x, weights, _ = recalled(self, grad_output)

        # 3. A mixture passes its gradient on to its weights and to what is mixed.
        grad_weights = grad_output @ x.mT  # (*B, T, T)
        grad_mixed = weights.mT @ grad_output  # (*B, T, C)

        # 2. Weights sum to one: only what exceeds the row's average passes.
        average = (weights * grad_weights).sum(axis=-1, keepdims=True)
        grad_scores = weights * (grad_weights - average)  # (*B, T, T)

        # 1. A token scores others and is scored by them, and it was mixed.
        grad_scoring = grad_scores @ x  # (*B, T, C)
        grad_scored = grad_scores.mT @ x  # (*B, T, C)
        grad_x = grad_scoring + grad_scored + grad_mixed  # (*B, T, C)
        return {"x": grad_x}
