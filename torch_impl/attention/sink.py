"""Attention with a sink: every head may attend to nothing.

Source: OpenAI 2025, https://arxiv.org/abs/2508.10925, a learned bias in the denominator
        of the softmax; with a sink of 0 it is Evan Miller's off-by-one softmax.
Twin:   reference/attention/sink.py
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from torch_impl.attention.scaled_dot_product import check_attention
from torch_impl.validation import check_sizes


class SinkAttention(nn.Module):
    """Softmax over a row's scores and one learned number; its own weight is dropped.

    So attention weights sum to less than one. `sink` has one number for each head, and
    is not scaled. Differs from a bias on the first key, which some models call a sink.

    A score of 0 and a sink of 0 share the weight.

    >>> attend = SinkAttention(num_heads=1)
    >>> zero = torch.zeros(1, 1, 1)
    >>> attend(zero, zero, values=torch.tensor([[[8.0]]])).detach()
    tensor([[[4.]]])
    """

    def __init__(self, num_heads: int, scale: float | None = None):
        super().__init__()
        check_sizes(num_heads=num_heads)
        self.num_heads, self.scale = num_heads, scale
        self.sink = nn.Parameter(torch.zeros(num_heads))

    def forward(
        self,
        queries: Float[Tensor, "*B H T D"],
        keys: Float[Tensor, "*B H S D"],
        values: Float[Tensor, "*B H S E"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B H T E"]:
        """Average values; `mask` broadcasts to (…, H, T, S), True = may attend."""
        check_attention(queries, keys, values, mask)
        check_heads(queries, self.num_heads)

        # 1. Attention scores: every query with every key, scaled.
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        attn_scores = queries @ keys.mT * scale  # (*B, H, T, S)

        # 2. Mask: a score that the mask hides becomes -inf.
        may_attend = queries.new_ones((), dtype=torch.bool) if mask is None else mask
        masked_scores = attn_scores.masked_fill(~may_attend, -torch.inf)

        # 3. Sink: one more score at the end of every row, the same for all queries.
        sink_shape = (*queries.shape[:-1], 1)
        sink_scores = self.sink[:, None, None].expand(sink_shape)
        all_scores = torch.cat([masked_scores, sink_scores], dim=-1)

        # 4. Softmax: over the keys and the sink; the sink's own weight is dropped.
        all_weights = F.softmax(all_scores, dim=-1)
        attn_weights = all_weights[..., :-1]  # (*B, H, T, S)

        # 5. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, H, T, E)
        return context


def check_heads(queries: Float[Tensor, "..."], num_heads: int) -> None:
    """Check that there is a head for each sink."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {tuple(queries.shape)}")
