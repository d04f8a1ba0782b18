"""Attention with a sink: every head may attend to nothing.

Source: OpenAI 2025, https://arxiv.org/abs/2508.10925, a learned bias in the denominator
        of the softmax; with a sink of 0 it is Evan Miller's off-by-one softmax.
Twin:   torch_impl/attention/sink.py
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.scaled_dot_product import check_attention
from reference.module import Module, check_sizes
from reference.primitives.softmax import softmax, softmax_backward
from reference.tape import NO_TAPE, Tape


class SinkAttention(Module):
    """Softmax over a row's scores and one learned number; its own weight is dropped.

    So attention weights sum to less than one. `sink` has one number for each head, and
    is not scaled. Differs from a bias on the first key, which some models call a sink.

    A score of 0 and a sink of 0 share the weight.

    >>> attend = SinkAttention(num_heads=1)
    >>> attend(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), values=np.array([[[8.0]]]))
    array([[[4.]]])
    """

    def __init__(self, num_heads: int, scale: float | None = None):
        check_sizes(num_heads=num_heads)
        self.num_heads, self.scale = num_heads, scale
        self.sink = np.zeros(num_heads)

    def forward(
        self,
        queries: Float[np.ndarray, "*B H T D"],
        keys: Float[np.ndarray, "*B H S D"],
        values: Float[np.ndarray, "*B H S E"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B H T E"]:
        """Average values; `mask` broadcasts to (…, H, T, S), True = may attend."""
        check_attention(queries, keys, values, mask)
        check_heads(queries, self.num_heads)

        # 1. Attention scores: every query with every key, scaled.
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        attn_scores = queries @ keys.mT * scale  # (*B, H, T, S)

        # 2. Mask: a score that the mask hides becomes -inf.
        may_attend = np.bool(True) if mask is None else mask
        masked_scores = np.where(may_attend, attn_scores, -np.inf)  # (*B, H, T, S)

        # 3. Sink: one more score at the end of every row, the same for all queries.
        sink_shape = (*queries.shape[:-1], 1)
        sink_scores = np.broadcast_to(self.sink[:, None, None], sink_shape)
        all_scores = np.concatenate([masked_scores, sink_scores], axis=-1)

        # 4. Softmax: over the keys and the sink; the sink's own weight is dropped.
        all_weights = softmax(all_scores)
        attn_weights = all_weights[..., :-1]  # (*B, H, T, S)

        # 5. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, H, T, E)
        tape.save(
            self,
            context,
            queries=queries,
            keys=keys,
            values=values,
            scale=scale,
            all_weights=all_weights,
        )
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B H T E"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "*B H T D"],
        Float[np.ndarray, "*B H S D"],
        Float[np.ndarray, "*B H S E"],
    ]:
        """Return the gradients of what went in; add that of the sink to the tape."""
        saved = tape.restore(self, grad_context)
        attn_weights = saved.all_weights[..., :-1]  # (*B, H, T, S)

        # 5. context = attn_weights @ values, a matrix product.
        grad_attn_weights = grad_context @ saved.values.mT  # (*B, H, T, S)
        grad_values = attn_weights.mT @ grad_context  # (*B, H, S, E)

        # 4. Softmax: ds = w * (dw - Σ w dw); nothing follows the sink's weight: dw = 0.
        dropped = np.zeros_like(saved.all_weights[..., -1:])  # (*B, H, T, 1)
        grad_all_weights = np.concatenate([grad_attn_weights, dropped], axis=-1)
        grad_all_scores = softmax_backward(grad_all_weights, saved.all_weights)

        # 3. all_scores = masked_scores and sink: all rows share a head's, so they add.
        grad_sink_scores = grad_all_scores[..., -1:]  # (*B, H, T, 1)
        *batch, _, query, one = range(grad_sink_scores.ndim)
        grad_sink = grad_sink_scores.sum(axis=(*batch, query, one))  # (H,)
        tape.add_gradient(self.sink, grad_sink)
        grad_masked_scores = grad_all_scores[..., :-1]  # (*B, H, T, S)

        # 2. masked_scores = -inf has the weight 0: so its gradient is zero already.
        grad_attn_scores = grad_masked_scores

        # 1. attn_scores = queries @ keys.mT * scale, a matrix product.
        grad_queries = grad_attn_scores @ saved.keys * saved.scale  # (*B, H, T, D)
        grad_keys = grad_attn_scores.mT @ saved.queries * saved.scale
        return grad_queries, grad_keys, grad_values


def check_heads(queries: Float[np.ndarray, "..."], num_heads: int) -> None:
    """Check that there is a head for each sink."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {queries.shape}")
