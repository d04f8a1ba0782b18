"""Attention with a relative bias (T5): a learned number for every range of distances.

Source: Raffel et al. 2019, https://arxiv.org/abs/1910.10683; the ranges: their code.
Twin:   reference/positions/relative_bias.py
"""

from collections.abc import Callable
from itertools import count

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from torch_impl.attention.scaled_dot_product import check_attention
from torch_impl.validation import check_sizes


class RelativeBiasAttention(nn.Module):
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
    >>> attend.relative_attention_bias.weight.data = torch.tensor([[-1e9], [0.0]])
    >>> queries = keys = torch.zeros(1, 3, 1)
    >>> values, mask = torch.tensor([[[1.0], [2.0], [3.0]]]), torch.ones(3, 3).tril()
    >>> attend(queries, keys, values, mask.bool()).detach()
    tensor([[[1.0000],
             [1.0000],
             [1.5000]]])
    """

    starts: Tensor

    def __init__(
        self,
        num_heads: int,
        num_buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = False,
    ):
        super().__init__()
        check_sizes(num_heads=num_heads)
        check_buckets(num_buckets, max_distance, bidirectional)
        self.num_heads, self.bidirectional = num_heads, bidirectional
        self.per_direction = num_buckets // 2 if bidirectional else num_buckets
        self.borders = bucket_starts(self.per_direction, max_distance)
        self.register_buffer("starts", torch.tensor(self.borders), persistent=False)
        self.relative_attention_bias = nn.Embedding(num_buckets, num_heads)

    def forward(
        self,
        queries: Float[Tensor, "*B H T D"],
        keys: Float[Tensor, "*B H S D"],
        values: Float[Tensor, "*B H S E"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B H T E"]:
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
        places = torch.arange(n_queries, device=queries.device) + n_keys - n_queries
        key_places = torch.arange(n_keys, device=queries.device)  # (S,)
        distances = places[:, None] - key_places  # (T, S)

        # 2. Buckets: the ranges that distances are in, one side after the other.
        buckets = self.buckets(distances)  # (T, S)

        # 3. Bias: what the table has for the bucket and the head.
        by_bucket = self.relative_attention_bias(buckets)  # (T, S, H)
        bias = by_bucket.movedim(-1, 0).to(queries.dtype)  # (H, T, S)

        # 4-7. Fused call: attention scores, mask, softmax, context vectors.
        masked_bias = bias if mask is None else torch.where(mask, bias, -torch.inf)
        context = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=masked_bias, scale=1.0
        )  # (*B, H, T, E)
        return context

    def buckets(self, distances: Int[Tensor, "T S"]) -> Int[Tensor, "T S"]:
        """Find the bucket of every distance, negative for a key behind its query.

        >>> attend = RelativeBiasAttention(1, 8, 20)
        >>> attend.buckets(torch.tensor([[-1, 0, 3, 5, 6, 99]]))
        tensor([[0, 0, 3, 4, 5, 7]])
        >>> attend = RelativeBiasAttention(1, 8, 20, bidirectional=True)
        >>> attend.buckets(torch.tensor([[-2, -1, 0, 1]]))
        tensor([[6, 5, 0, 1]])
        """
        before = distances.abs() if self.bidirectional else distances.clamp(min=0)
        own = torch.bucketize(before, self.starts, right=True)
        return own + (self.bidirectional & (distances < 0)) * self.per_direction

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> "RelativeBiasAttention":
        """Move the borders with the module, and have them where it comes from meta."""
        super()._apply(fn, recurse)
        self.starts = torch.tensor(self.borders, device=self.starts.device)
        return self


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


def check_heads(queries: Tensor, num_heads: int) -> None:
    """Check that the axis before the last two has as many heads as the table."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {tuple(queries.shape)}")
