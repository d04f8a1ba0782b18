"""Attention with linear biases (ALiBi): what is further away is scored lower.

Source: Press et al. 2021, Train Short, Test Long, https://arxiv.org/abs/2108.12409;
        slopes of other numbers of heads than powers of two: its authors' code.
Twin:   reference/positions/alibi.py
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from torch_impl.attention.scaled_dot_product import check_attention
from torch_impl.validation import check_sizes


class LinearBiasAttention(nn.Module):
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
    >>> queries, keys = torch.zeros(8, 1, 1), torch.zeros(8, 2, 1)
    >>> values = torch.tensor([[0.0], [1.0]]).expand(8, 2, 1)
    >>> nearer = attend(queries, keys, values)[0, 0, 0]
    >>> bool(abs(nearer / (1 - nearer) - math.exp(0.5)) < 1e-6)
    True
    """

    def __init__(self, num_heads: int):
        super().__init__()
        check_sizes(num_heads=num_heads)
        self.num_heads = num_heads

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

        # 2. Bias: the slope of every head times the distance.
        slopes = alibi_slopes(self.num_heads, queries.dtype, queries.device)  # (H,)
        bias = -slopes[:, None, None] * distances
        bias = bias.to(queries.dtype)  # (H, T, S)

        # 3-6. Fused call: attention scores, mask, softmax, context vectors.
        masked_bias = bias if mask is None else torch.where(mask, bias, -torch.inf)
        context = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=masked_bias
        )  # (*B, H, T, E)
        return context


def alibi_slopes(
    num_heads: int,
    dtype: torch.dtype = torch.float64,
    device: torch.device | None = None,
) -> Float[Tensor, " H"]:
    """Return the slope of each head, by the rule of the authors' code.

    They are in `dtype` or in float32, which is more: in bfloat16 the distance would be
    rounded before the product.

    >>> alibi_slopes(4)
    tensor([0.2500, 0.0625, 0.0156, 0.0039], dtype=torch.float64)
    >>> alibi_slopes(3)  # 1/16, 1/256, and of 4 heads the first
    tensor([0.0625, 0.0039, 0.2500], dtype=torch.float64)
    """
    power = 2 ** int(math.log2(num_heads))
    wide = torch.promote_types(dtype, torch.float32)
    heads = torch.arange(num_heads, dtype=wide, device=device)
    of_power = 8 * (heads + 1) / power
    between = 4 * (2 * (heads - power) + 1) / power
    return torch.exp2(-torch.where(heads < power, of_power, between))


def check_heads(queries: Tensor, num_heads: int) -> None:
    """Check that the axis before the last two has as many heads as there are slopes."""
    if queries.ndim < 3 or queries.shape[-3] != num_heads:
        rule = f"queries must have shape (…, H, T, D), H = {num_heads}"
        raise ValueError(f"{rule}, got {tuple(queries.shape)}")
