"""Attention with a relative bias (T5): a learned number for every range of distances.

Source: Raffel et al. 2019, https://arxiv.org/abs/1910.10683; the ranges: their code.
Twin:   torch_impl/positions/relative_bias.py
"""

from itertools import count

import numpy as np
from jaxtyping import Bool, Float, Int

from reference.attention.scaled_dot_product import check_attention
from reference.module import Array, Module, check_sizes
from reference.primitives.embedding import Embedding
from reference.tape import NO_TAPE, Tape


class RelativeBiasAttention(Module):
    """softmax(q kᵀ + b[bucket(t - s)]) v, with a table b of a number a head and bucket.

    The scores are not divided by √D: T5 is initialized so that they need not be. The
    axis before the last two is that of the heads; the last query stands where the last
    key does. In T5 all layers have one table, and cross-attention has none.

    Half of the buckets hold one distance each: 0, 1, 2, …. The others are wider and
    wider, by the logarithm, and the last holds all from `max_distance` on. In a decoder
    keys behind the query, which the mask hides, are in bucket 0. An encoder is
    `bidirectional`: one half of the buckets is for keys up to the query, the other for
    keys behind it. Differs from transformers, which computes logarithms in float32: the
    borders here are exact.

    A table that forbids all but the distance 1 shifts the values by a token.

    >>> attend = RelativeBiasAttention(1, num_buckets=2, max_distance=2)
    >>> attend.relative_attention_bias.weight[...] = [[-1e9], [0.0]]
    >>> queries = keys = np.zeros((1, 3, 1))
    >>> attend(queries, keys, np.array([[[1.0], [2.0], [3.0]]]), np.tri(3, dtype=bool))
    array([[[1. ],
            [1. ],
            [1.5]]])
    """

    def __init__(
        self,
        num_heads: int,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(num_heads=num_heads)
        check_buckets(num_buckets, max_distance, bidirectional)
        self.num_heads, self.bidirectional = num_heads, bidirectional
        self.per_direction = num_buckets // 2 if bidirectional else num_buckets
        self.starts = bucket_starts(self.per_direction, max_distance)
        self.relative_attention_bias = Embedding(num_buckets, num_heads, rng=rng)

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

        # 2. Buckets: the ranges that distances are in, one side after the other.
        buckets = self.buckets(distances)  # (T, S)

        # 3. Bias: what the table has for the bucket and the head.
        by_bucket = self.relative_attention_bias(buckets, tape)  # (T, S, H)
        bias = np.moveaxis(by_bucket, -1, 0).astype(queries.dtype)  # (H, T, S)

        # 4. Attention scores: products, not scaled, and the bias.
        attn_scores = queries @ keys.mT + bias  # (*B, H, T, S)

        # 5. Mask: a score that the mask hides becomes -inf.
        may_attend = np.bool(True) if mask is None else mask
        masked_scores = np.where(may_attend, attn_scores, -np.inf)  # (*B, H, T, S)

        # 6. Softmax: exponentials over their sum; a row that is all -inf is all zeros.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - np.where(np.isfinite(row_max), row_max, 0))
        row_sum = exps.sum(axis=-1, keepdims=True)  # (*B, H, T, 1)
        attn_weights = exps / np.where(row_sum == 0, 1, row_sum)  # (*B, H, T, S)

        # 7. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, H, T, E)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
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
        """Return the gradients of queries, keys and values; add the table's."""
        saved = tape.restore(self, grad_context)

        # 7. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, H, T, S)
        grad_values = saved.attn_weights.mT @ grad_context  # (*B, H, S, E)

        # 6. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights  # (*B, H, T, S)
        row_sum = weighted.sum(axis=-1, keepdims=True)  # (*B, H, T, 1)
        grad_masked_scores = weighted - saved.attn_weights * row_sum

        # 5. A hidden score is the constant -inf: its weight and gradient are zero.
        grad_attn_scores = grad_masked_scores

        # 4. attn_scores = queries @ keys.mT + bias: all texts share the bias.
        grad_queries = grad_attn_scores @ saved.keys  # (*B, H, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries  # (*B, H, S, D)
        leading = tuple(range(grad_attn_scores.ndim - 3))
        grad_bias = grad_attn_scores.sum(axis=leading)  # (H, T, S)

        # 1-3. bias = table[buckets]: a bucket gets the sum of all that are in it.
        table = self.relative_attention_bias
        by_bucket = np.moveaxis(grad_bias, 0, -1).astype(table.weight.dtype)
        table.backward(by_bucket, tape)
        return grad_queries, grad_keys, grad_values

    def buckets(self, distances: Int[np.ndarray, "T S"]) -> Int[np.ndarray, "T S"]:
        """Find the bucket of every distance, negative for a key behind its query.

        >>> attend = RelativeBiasAttention(1, 8, 20)
        >>> attend.buckets(np.array([[-1, 0, 3, 5, 6, 99]]))
        array([[0, 0, 3, 4, 5, 7]])
        >>> attend = RelativeBiasAttention(1, 8, 20, bidirectional=True)
        >>> attend.buckets(np.array([[-2, -1, 0, 1]]))
        array([[6, 5, 0, 1]])
        """
        before = abs(distances) if self.bidirectional else np.maximum(distances, 0)
        own = np.searchsorted(self.starts, before, side="right")
        return own + (self.bidirectional & (distances < 0)) * self.per_direction


def bucket_starts(num_buckets: int, max_distance: int) -> tuple[int, ...]:
    """Return the first distance of each bucket but 0, in integer arithmetic.

    With E exact buckets of N, and M as `max_distance`, the bucket E + k begins where
    (d / E)^(N - E) is (M / E)^k or more: the logarithm of d has gone k parts of N - E
    from E to M.

    >>> bucket_starts(8, 20)
    (1, 2, 3, 4, 6, 9, 14)
    """
    exact = num_buckets // 2
    wide = num_buckets - exact
    starts = [*range(1, exact + 1)]
    for k in range(1, wide):
        border = max_distance**k * exact**wide
        later = count(starts[-1])
        starts.append(next(d for d in later if d**wide * exact**k >= border))
    return tuple(starts)


def check_buckets(num_buckets: int, max_distance: int, bidirectional: bool) -> None:
    """Check that there is an exact bucket and a wide one on each side."""
    check_sizes(num_buckets=num_buckets, max_distance=max_distance)
    least = 4 if bidirectional else 2
    if num_buckets < least or (bidirectional and num_buckets % 2):
        rule = f"num_buckets must be {'even, ' * bidirectional}{least} or more"
        raise ValueError(f"{rule}, got {num_buckets}")
    exact = num_buckets // least
    if max_distance <= exact:
        rule = f"max_distance must be above the {exact} exact buckets"
        raise ValueError(f"{rule}, got {max_distance}")


def check_heads(queries: Array, num_heads: int) -> None:
    """Check that the axis before the last two has as many heads as the table."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {queries.shape}")
