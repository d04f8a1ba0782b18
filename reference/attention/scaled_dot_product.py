"""Scaled dot-product attention: each query takes a weighted average of the values.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762,
        section 3.2.1, equation 1.
Twin:   torch_impl/attention/scaled_dot_product.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.module import Array, Module
from reference.tape import NO_TAPE, Tape


class ScaledDotProductAttention(Module):
    """softmax(q kᵀ · scale) v, over the keys that the mask lets a query attend to.

    `scale` is 1/√D unless it is given. A query that may attend to no key has an output
    and a gradient of zero, as in PyTorch's fused call; a plain softmax would give NaN.

    The first query scores both keys the same; the mask hides the second key from it.

    >>> attend = ScaledDotProductAttention()
    >>> queries, keys = np.zeros((2, 1)), np.zeros((2, 1))
    >>> values, mask = np.array([[2.0], [4.0]]), np.array([[True, False], [True, True]])
    >>> attend(queries, keys, values, mask)
    array([[2.],
           [3.]])
    """

    def __init__(self, scale: float | None = None):
        self.scale = scale

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B S D"],
        values: Float[np.ndarray, "*B S E"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Average values; `mask` broadcasts to (…, T, S), True = may attend.

        Raises:
            TypeError: something is no array of floating-point numbers, or the mask is
                not Boolean.
            ValueError: shapes do not fit.
        """
        check_attention(queries, keys, values, mask)

        # 1. Attention scores: every query with every key, scaled.
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        attn_scores = queries @ keys.mT * scale  # (*B, T, S)

        # 2. Mask: a score that the mask hides becomes -inf.
        may_attend = np.bool(True) if mask is None else mask
        masked_scores = np.where(may_attend, attn_scores, -np.inf)  # (*B, T, S)

        # 3. Softmax: exponentials over their sum; a row that is all -inf is all zeros.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - np.where(np.isfinite(row_max), row_max, 0))
        row_sum = exps.sum(axis=-1, keepdims=True)  # (*B, T, 1)
        attn_weights = exps / np.where(row_sum == 0, 1, row_sum)  # (*B, T, S)

        # 4. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, E)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            scale=scale,
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

        # 4. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, T, S)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, S, E)

        # 3. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights  # (*B, T, S)
        row_sum = weighted.sum(axis=-1, keepdims=True)  # (*B, T, 1)
        grad_masked_scores = weighted - saved.attn_weights * row_sum

        # 2. A hidden score is the constant -inf: its weight and gradient are zero.
        grad_attn_scores = grad_masked_scores

        # 1. attn_scores = queries @ keys.mT * scale, a matrix product.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale  # (*B, S, D)
        return grad_queries, grad_keys, grad_values


def check_attention(
    queries: Array, keys: Array, values: Array, mask: Array | None
) -> None:
    """Check that queries, keys, values and a mask fit each other."""
    for name, array in (("queries", queries), ("keys", keys), ("values", values)):
        if not isinstance(array, np.ndarray):
            kind = type(array).__name__
            raise TypeError(f"{name} must be an array of this backend, got {kind}")
        if array.dtype.kind != "f" or array.dtype != queries.dtype:
            rule = "floating-point numbers, all of one dtype"
            raise TypeError(f"{name} must hold {rule}, got {array.dtype}")
        if array.ndim < 2 or array.shape[:-2] != queries.shape[:-2]:
            rule = "two axes below the leading axes of the queries"
            raise ValueError(f"{name} must have {rule}, got {array.shape}")
    if keys.shape[-1] != queries.shape[-1]:
        rule = f"keys must have as many channels as queries, {queries.shape[-1]}"
        raise ValueError(f"{rule}, got {keys.shape[-1]}")
    if values.shape[-2] != keys.shape[-2]:
        rule = f"there must be a value for each of {keys.shape[-2]} keys"
        raise ValueError(f"{rule}, got {values.shape[-2]}")
    if mask is not None:
        check_mask(mask, (*queries.shape[:-1], keys.shape[-2]))


def check_mask(mask: Array, shape: tuple[int, ...]) -> None:
    """Check that a mask is Boolean, and that it broadcasts to the scores' shape."""
    if mask.dtype != bool:
        raise TypeError(f"mask must be Boolean, True = may attend, got {mask.dtype}")
    own = (1,) * (len(shape) - mask.ndim) + mask.shape
    fits = all(n in (1, size) for n, size in zip(own, shape, strict=False))
    if len(own) != len(shape) or not fits:
        raise ValueError(f"mask must broadcast to {shape}, got {mask.shape}")
