"""Blocked attention: softmax over one block of keys at a time, never over all scores.

Source: Dao et al. 2022, FlashAttention, https://arxiv.org/abs/2205.14135; the online
        softmax: Milakov and Gimelshein 2018, https://arxiv.org/abs/1805.02867.
Twin:   torch_impl/attention/blocked.py
"""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.partial_results import merge as merge
from reference.attention.scaled_dot_product import check_attention
from reference.module import Array, Module, check_sizes
from reference.tape import NO_TAPE, Tape

Index = tuple[int | slice, ...]


class BlockedAttention(Module):
    """Scaled dot-product attention whose memory grows with T + S, not with T · S.

    Blocks of any sizes give the same. With `is_causal` the queries are the last T of S
    tokens, and see no later key; differs from PyTorch's fused call, whose `is_causal`
    counts from the first key.

    A query of zero averages 2 and 4; both exponentials are 1, so the logarithm of the
    sum is 0.69.

    >>> attend = BlockedAttention(query_block=1, key_block=1)
    >>> queries, keys = np.zeros((1, 1)), np.zeros((2, 1))
    >>> attend(queries, keys, values=np.array([[2.0], [4.0]]))
    array([[3.]])
    >>> attend.log_sum_exp(queries, keys).round(2)
    array([0.69])
    """

    def __init__(
        self,
        is_causal: bool = False,
        query_block: int = 256,
        key_block: int = 512,
        scale: float | None = None,
    ):
        check_sizes(query_block=query_block, key_block=key_block)
        self.is_causal, self.scale = is_causal, scale
        self.query_block, self.key_block = query_block, key_block

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
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        one, width = (*queries.shape[:-1], 1), (*queries.shape[:-1], values.shape[-1])
        row_max = np.full_like(queries, -np.inf, shape=one)  # (*B, T, 1)
        row_sum = np.zeros_like(queries, shape=one)  # (*B, T, 1)
        weighted_sum = np.zeros_like(queries, shape=width)  # (*B, T, E)

        # 1. Online softmax: every block of queries takes in its keys, block by block.
        for rows, columns, may_attend in blocks(self, queries, keys, mask):
            so_far = row_max[rows], row_sum[rows], weighted_sum[rows]
            block = queries[rows], keys[columns], values[columns]
            take_in_block(*so_far, *block, may_attend, scale)

        # 2. Log-sum-exp: of all scores of a query; -inf if it sees no key.
        with np.errstate(divide="ignore"):
            log_sum_exp = row_max + np.log(row_sum)  # (*B, T, 1)

        # 3. Context vectors: weighted sums of values over the sums of weights.
        weighted_sum /= np.where(row_sum == 0, 1, row_sum)
        context = weighted_sum  # (*B, T, E)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            mask=mask,
            scale=scale,
            log_sum_exp=log_sum_exp,
            context=context,
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
        queries, keys, values = saved.queries, saved.keys, saved.values
        grad_queries, grad_keys = np.zeros_like(queries), np.zeros_like(keys)
        grad_values = np.zeros_like(values)  # (*B, S, E)

        # 3. context = Σ w v: so the Σ w dw of softmax is Σ dO O, without any score.
        delta = (grad_context * saved.context).sum(axis=-1, keepdims=True)

        # 1-2. attn_weights = exp(attn_scores - log_sum_exp), a block at a time.
        for rows, columns, may_attend in blocks(self, queries, keys, saved.mask):
            of_rows = grad_context[rows], delta[rows], saved.log_sum_exp[rows]
            block = queries[rows], keys[columns], values[columns]
            added = take_in_block_backward(*of_rows, *block, may_attend, saved.scale)
            grad_queries[rows] += added[0]
            grad_keys[columns] += added[1]
            grad_values[columns] += added[2]
        return grad_queries, grad_keys, grad_values

    def log_sum_exp(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B S D"],
        mask: Bool[np.ndarray, "..."] | None = None,
    ) -> Float[np.ndarray, "*B T"]:
        """Return what forward saves of each query's scores; it needs no values."""
        tape, no_values = Tape(), keys[..., :0]
        no_context = self(queries, keys, no_values, mask, tape)
        return tape.restore(self, no_context).log_sum_exp[..., 0]


def blocks(
    attend: BlockedAttention, queries: Array, keys: Array, mask: Array | None
) -> Iterator[tuple[Index, Index, Bool[np.ndarray, "T S"] | None]]:
    """Yield where a block of queries is, where one of keys is, and their mask, if any.

    Blocks that a causal mask hides whole are left out.
    """
    *leading, n_queries, _ = queries.shape
    n_keys, is_causal = keys.shape[-2], attend.is_causal
    behind = n_keys - n_queries  # query t is at position t + behind
    if mask is not None:
        mask = np.broadcast_to(mask, (*leading, n_queries, n_keys))
    for head in np.ndindex(*leading):
        for row in range(0, n_queries, attend.query_block):
            last_row = min(row + attend.query_block, n_queries)
            n_seen = min(last_row + behind, n_keys) if is_causal else n_keys
            for column in range(0, n_seen, attend.key_block):
                last_column = min(column + attend.key_block, n_seen)
                rows, columns = slice(row, last_row), slice(column, last_column)
                may_attend = None if mask is None else mask[(*head, rows, columns)]
                if is_causal and last_column > row + behind + 1:  # on the diagonal
                    sizes = last_row - row, last_column - column
                    causal = np.tri(*sizes, row + behind - column, dtype=bool)
                    may_attend = causal if may_attend is None else may_attend & causal
                yield (*head, rows), (*head, columns), may_attend


def take_in_block(
    row_max: Float[np.ndarray, "T 1"],
    row_sum: Float[np.ndarray, "T 1"],
    weighted_sum: Float[np.ndarray, "T E"],
    queries: Float[np.ndarray, "T D"],
    keys: Float[np.ndarray, "S D"],
    values: Float[np.ndarray, "S E"],
    may_attend: Bool[np.ndarray, "T S"] | None,
    scale: float,
) -> None:
    """Take a block of keys into three numbers of each query so far, in place."""
    # 1. Attention scores: the queries of a block with the keys of a block, scaled.
    attn_scores = queries * scale @ keys.T  # (T, S)

    # 2. Mask: a score that the mask hides becomes -inf.
    masked_scores = attn_scores
    if may_attend is not None:
        masked_scores = np.where(may_attend, attn_scores, -np.inf)  # (T, S)

    # 3. Maximum: the largest score so far; 0 stands for it where all were hidden.
    new_max = np.maximum(row_max, masked_scores.max(axis=-1, keepdims=True))
    subtracted = np.where(np.isfinite(new_max), new_max, 0)  # (T, 1)
    exps = masked_scores - subtracted  # (T, S)
    np.exp(exps, out=exps)  # in place, since most of the time goes here

    # 4. Rescale: sums so far are of exponentials below the old maximum.
    rescale = np.exp(row_max - subtracted)  # (T, 1)
    row_sum *= rescale
    weighted_sum *= rescale

    # 5. Sums: of the exponentials, and of the values weighted by them.
    row_max[...] = new_max
    row_sum += exps.sum(axis=-1, keepdims=True)
    weighted_sum += exps @ values


def take_in_block_backward(
    grad_context: Float[np.ndarray, "T E"],
    delta: Float[np.ndarray, "T 1"],
    log_sum_exp: Float[np.ndarray, "T 1"],
    queries: Float[np.ndarray, "T D"],
    keys: Float[np.ndarray, "S D"],
    values: Float[np.ndarray, "S E"],
    may_attend: Bool[np.ndarray, "T S"] | None,
    scale: float,
) -> tuple[
    Float[np.ndarray, "T D"], Float[np.ndarray, "S D"], Float[np.ndarray, "S E"]
]:
    """Return what a block adds to the gradients of its queries, keys and values."""
    # 5. context = attn_weights @ values, with the weights of all blocks' log-sum-exp.
    masked_scores = queries * scale @ keys.T  # (T, S)
    if may_attend is not None:
        masked_scores = np.where(may_attend, masked_scores, -np.inf)  # (T, S)
    subtracted = np.where(np.isfinite(log_sum_exp), log_sum_exp, 0)  # (T, 1)
    attn_weights = np.exp(masked_scores - subtracted)  # (T, S)
    grad_attn_weights = grad_context @ values.T  # (T, S)
    grad_values = attn_weights.T @ grad_context  # (S, E)

    # 2-4. Softmax: ds = w * (dw - Σ w dw), 0 where w is; delta is that of all blocks.
    grad_attn_scores = attn_weights * (grad_attn_weights - delta)  # (T, S)

    # 1. attn_scores = queries * scale @ keys.T, a matrix product.
    grad_queries = grad_attn_scores @ keys * scale  # (T, D)
    grad_keys = grad_attn_scores.T @ queries * scale  # (S, D)
    return grad_queries, grad_keys, grad_values
