"""Softcapped attention: no score gets past a bound, however large it is.

Source: Gemma Team 2024, https://arxiv.org/abs/2408.00118,
        on the soft-capping of logits.
Twin:   torch_impl/attention/softcap.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.scaled_dot_product import check_attention
from reference.module import Module, check_positive
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class SoftcappedAttention(Module):
    """Scores become c · tanh(score / c), which lies between -c and c.

    The cap comes after the scale and before the mask: after it, -inf would become -c,
    and what is hidden would get some weight.

    Scores of 1000 and 0 are capped to 1 and 0.

    >>> attend = SoftcappedAttention(cap=1.0)
    >>> queries, keys = np.array([[1000.0]]), np.array([[1.0], [0.0]])
    >>> attend(queries, keys, values=np.array([[1.0], [0.0]])).round(3)  # e / (e + 1)
    array([[0.731]])
    """

    def __init__(self, cap: float, scale: float | None = None):
        check_positive(cap=cap)
        self.cap, self.scale = cap, scale

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B S D"],
        values: Float[np.ndarray, "*B S E"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Average values; `mask` broadcasts to (…, T, S), True = may attend."""
        check_attention(queries, keys, values, mask)

        # 1. Attention scores: every query with every key, scaled.
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        attn_scores = queries @ keys.mT * scale  # (*B, T, S)

        # 2. Softcap: the hyperbolic tangent bends what is large towards the cap.
        capped_scores = self.cap * np.tanh(attn_scores / self.cap)  # (*B, T, S)

        # 3. Mask: a score that the mask hides becomes -inf.
        may_attend = np.bool(True) if mask is None else mask
        masked_scores = np.where(may_attend, capped_scores, -np.inf)  # (*B, T, S)

        # 4. Softmax: attention weights that sum to one, or to zero if all are hidden.
        attn_weights = softmax(masked_scores)  # (*B, T, S)

        # 5. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, E)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            scale=scale,
            capped_scores=capped_scores,
            attn_weights=attn_weights,
        )
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "*B T D"],
        Float[np.ndarray, "*B S D"],
        Float[np.ndarray, "*B S E"],
    ]:
        """Return the gradients of queries, keys and values."""
        saved = tape.restore(self, grad_context)

        # 5. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, T, S)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, S, E)

        # 4. Softmax: ds = w * (dw - Σ w dw), row by row.
        grad_masked_scores = softmax_backward(grad_attn_weights, saved.attn_weights)

        # 3. masked_scores = -inf has the weight 0: so its gradient is zero already.
        grad_capped_scores = grad_masked_scores

        # 2. y = c tanh(s / c): ds = (1 - (y / c)²) dy.
        slope = 1 - (saved.capped_scores / self.cap) ** 2  # (*B, T, S)
        grad_attn_scores = slope * grad_capped_scores

        # 1. attn_scores = queries @ keys.mT * scale, a matrix product.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale  # (*B, S, D)
        return grad_queries, grad_keys, grad_values
