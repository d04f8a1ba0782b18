"""Simple self-attention: each token is a weighted average of all, by dot products.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 3.3;
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1, without
        the scale and with the inputs themselves as queries, keys and values.
Twin:   torch_impl/attention/simple.py
"""

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input
from reference.tape import NO_TAPE, Tape


class SimpleSelfAttention(Module):
    """Attention without parameters: queries, keys and values are the tokens themselves.

    Differs from all later variants: attention scores are not scaled.

    The book's six tokens, and the second one's context vector by hand: its attention
    scores are dot products, its attention weights are their softmax, and its context
    vector is the sum of the tokens, each times its attention weight.

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
    >>> attn_scores = x @ x[1]
    >>> attn_scores.round(4)
    array([0.9544, 1.495 , 1.4754, 0.8434, 0.707 , 1.0865])
    >>> attn_weights = np.exp(attn_scores) / np.exp(attn_scores).sum()
    >>> attn_weights.round(4)
    array([0.1385, 0.2379, 0.2333, 0.124 , 0.1082, 0.1581])
    >>> (attn_weights @ x).round(4)
    array([0.4419, 0.6515, 0.5683])

    >>> SimpleSelfAttention()(x)[1].round(4)
    array([0.4419, 0.6515, 0.5683])
    """

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Compute softmax(X Xᵀ) X."""
        check_input(x, None)

        # 1. Attention scores: every token with every token.
        attn_scores = x @ x.mT  # (*B, T, T)

        # 2. Softmax: attention weights that sum to one in every row.
        # Subtracting the row's maximum changes no weight, and exp cannot overflow.
        row_max = attn_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(attn_scores - row_max)
        attn_weights = exps / exps.sum(axis=-1, keepdims=True)  # (*B, T, T)

        # 3. Context vectors: tokens averaged by their attention weights.
        context = attn_weights @ x  # (*B, T, C)
        tape.save(self, context, x=x, attn_weights=attn_weights)
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first.

        Tokens of zero have equal scores: each is half of each context vector.

        >>> attention, tape = SimpleSelfAttention(), Tape()
        >>> context = attention(np.zeros((2, 1)), tape)
        >>> attention.backward(np.array([[1.0], [10.0]]), tape)
        array([[5.5],
               [5.5]])
        """
        saved = tape.restore(self, grad_context)

        # 3. context = attn_weights @ x, a matrix product.
        grad_attn_weights = grad_context @ saved.x.mT  # (*B, T, T)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, T, C)

        # 2. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights
        weighted_mean = weighted.sum(axis=-1, keepdims=True)
        grad_attn_scores = saved.attn_weights * (grad_attn_weights - weighted_mean)

        # 1. attn_scores = x @ x.mT, and x is the values too: three gradients add up.
        grad_queries = grad_attn_scores @ saved.x  # (*B, T, C)
        grad_keys = grad_attn_scores.mT @ saved.x  # (*B, T, C)
        grad_x = grad_queries + grad_keys + grad_values  # (*B, T, C)
        return grad_x
