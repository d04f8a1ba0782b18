"""Grouped-query attention: several query heads share one key head and value head.

Source: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245, section 2.2; with one
        group it is multi-query attention, Shazeer 2019, https://arxiv.org/abs/1911.02150.
Twin:   reference/attention/grouped_query.py
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_multiple, check_sizes


class GroupedQueryAttention(nn.Module):
    """Causal heads in groups: query head h reads key/value head h // (H / G).

    Differs from x-transformers, where query head h reads key/value head h % G, and from
    MultiHeadAttention in that it has no dropout and no limit to the context.

    Two query heads read one key head and value head. All queries are zero, so each
    head averages what it may attend to.

    >>> import torch
    >>> attention = GroupedQueryAttention(1, 2, num_heads=2, num_kv_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.ones_(attention.W_value.weight)
    >>> _ = nn.init.eye_(attention.out_proj.weight)
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> attention(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[2., 2.],
            [3., 3.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        num_kv_heads: int,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        self.d_in, self.head_dim = d_in, d_out // num_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Attend with H query heads over G key heads and value heads."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(x)  # (*B, T, G*D)
        values = self.W_value(x)  # (*B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)

        # 3-7. Fused call: groups, attention scores, causal mask, softmax, average.
        head_context = F.scaled_dot_product_attention(
            head_queries, group_keys, group_values, is_causal=True, enable_gqa=True
        )  # (*B, H, T, D)

        # 8. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 9. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
