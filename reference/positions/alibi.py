"""Attention with linear biases (ALiBi): what is further away is scored lower.

Source: Press et al. 2021, Train Short, Test Long, https://arxiv.org/abs/2108.12409;
        slopes of other numbers of heads than powers of two: its authors' code.
Twin:   torch_impl/positions/alibi.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.scaled_dot_product import check_attention
from reference.module import Array, Module, check_sizes
from reference.tape import NO_TAPE, Tape


class LinearBiasAttention(Module):
    """softmax(q kᵀ / √D - m · (t - s)) v, with a slope m for every head.

    The axis before the last two is that of the heads. The last query stands where the
    last key does. The bias hides nothing: a key behind its query is scored higher, so
    the mask should hide it. Whatever is added to all scores of a query changes no
    weight, which is why Bloom may add m · s, and need no query's position.

    Slopes of H heads are 2^(-8/H), its square, and so on, if H is a power of two. For
    others there are three rules, and parameters of one fit no other. This is that of
    the authors' code (and of Bloom): the slopes of the power of two below, then every
    other one of the power above. Differs from the paper's text, read literally: the
    same geometric sequence for any H; and from MosaicML's (FasterTransformer's): that
    of the power above, every other one of it first, cut to H.

    Two equal keys, one token apart: the nearer one weighs e^m times as much, m = 1/2
    for the first of eight heads.

    >>> attend = LinearBiasAttention(8)
    >>> queries, keys = np.zeros((8, 1, 1)), np.zeros((8, 2, 1))
    >>> values = np.broadcast_to([[0.0], [1.0]], (8, 2, 1))
    >>> nearer = attend(queries, keys, values)[0, 0, 0]
    >>> bool(abs(nearer / (1 - nearer) - np.exp(0.5)) < 1e-12)
    True
    """

    def __init__(self, num_heads: int):
        check_sizes(num_heads=num_heads)
        self.num_heads = num_heads

    def forward(
        self,
        queries: Float[np.ndarray, "*B H T D"],
        keys: Float[np.ndarray, "*B H S D"],
        values: Float[np.ndarray, "*B H S E"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B H T E"]:
        """Average values; `mask` broadcasts to (…, H, T, S), True = may attend.

        Raises:
            TypeError: something is no array of floating-point numbers, or the mask is
                not Boolean.
            ValueError: shapes do not fit, or there is another number of heads.
        """
        check_attention(queries, keys, values, mask)
        check_heads(queries, self.num_heads)

        # 1. Distances: how many tokens the key stands before the query.
        n_queries, n_keys = queries.shape[-2], keys.shape[-2]
        places = np.arange(n_queries) + n_keys - n_queries  # (T,)
        distances = places[:, None] - np.arange(n_keys)  # (T, S)

        # 2. Bias: the slope of every head times the distance.
        bias = -alibi_slopes(self.num_heads)[:, None, None] * distances
        bias = bias.astype(queries.dtype)  # (H, T, S)

        # 3. Attention scores: scaled products, and the bias.
        scale = 1 / math.sqrt(queries.shape[-1])
        attn_scores = queries @ keys.mT * scale + bias  # (*B, H, T, S)

        # 4. Mask: a score that the mask hides becomes -inf.
        may_attend = np.bool(True) if mask is None else mask
        masked_scores = np.where(may_attend, attn_scores, -np.inf)  # (*B, H, T, S)

        # 5. Softmax: exponentials over their sum; a row that is all -inf is all zeros.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - np.where(np.isfinite(row_max), row_max, 0))
        row_sum = exps.sum(axis=-1, keepdims=True)  # (*B, H, T, 1)
        attn_weights = exps / np.where(row_sum == 0, 1, row_sum)  # (*B, H, T, S)

        # 6. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, H, T, E)
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
        self, grad_context: Float[np.ndarray, "*B H T E"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "*B H T D"],
        Float[np.ndarray, "*B H S D"],
        Float[np.ndarray, "*B H S E"],
    ]:
        """Return the gradients of queries, keys and values."""
        saved = tape.restore(self, grad_context)

        # 6. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, H, T, S)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, H, S, E)

        # 5. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights  # (*B, H, T, S)
        row_sum = weighted.sum(axis=-1, keepdims=True)  # (*B, H, T, 1)
        grad_masked_scores = weighted - saved.attn_weights * row_sum

        # 4. A hidden score is the constant -inf: its weight and gradient are zero.
        grad_attn_scores = grad_masked_scores

        # 1-3. attn_scores = queries @ keys.mT * scale + bias: the bias is constant.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, H, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale  # (*B, H, S, D)
        return grad_queries, grad_keys, grad_values


def alibi_slopes(num_heads: int) -> Float[np.ndarray, " H"]:
    """Return the slope of each head, by the rule of the authors' code.

    >>> alibi_slopes(4)
    array([0.25      , 0.0625    , 0.015625  , 0.00390625])
    >>> alibi_slopes(3)  # 1/16, 1/256, and of 4 heads the first
    array([0.0625    , 0.00390625, 0.25      ])
    """
    power = 2 ** int(math.log2(num_heads))
    heads = np.arange(num_heads)
    of_power = 8 * (heads + 1) / power
    between = 4 * (2 * (heads - power) + 1) / power
    return np.asarray(2.0 ** -np.where(heads < power, of_power, between))


def check_heads(queries: Array, num_heads: int) -> None:
    """Check that the axis before the last two has as many heads as there are slopes."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {queries.shape}")
