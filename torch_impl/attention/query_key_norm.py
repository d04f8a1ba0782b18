"""Attention with query-key norm: scores of vectors whose length is normalized.

Source: Henry et al. 2020, https://arxiv.org/abs/2010.04245, who normalize by the L2
        norm; RMSNorm with a gain, in each head and before the rotation, as in Qwen3.
Twin:   reference/attention/query_key_norm.py
"""

import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.norms.rms_norm import RMSNorm
from torch_impl.positions.rotary import RotaryEmbedding, check_positions
from torch_impl.validation import check_input, check_multiple, check_sizes


class QueryKeyNormAttention(nn.Module):
    """Causal grouped heads; RMSNorm of each query and key, then their rotation.

    Without a gain every query and key has the length √D, so no score is above √D. The
    gain has D channels, one for all heads of queries and one for those of keys. Each
    channel has its own, so the norm comes before the rotation, which mixes channels.

    Differs from OLMo 2, whose norm is over the channels of all heads at once, and from
    Llama 4, which normalizes after the rotation, without a gain.

    A query of zero stays zero, so each token averages what it may attend to.

    >>> import torch
    >>> attention = QueryKeyNormAttention(1, 2, num_heads=1, num_kv_heads=1)
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
        theta: float = 10_000.0,
        eps: float = 1e-6,
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
        self.query_norm = RMSNorm(self.head_dim, eps)
        self.key_norm = RMSNorm(self.head_dim, eps)
        self.rotate = RotaryEmbedding(self.head_dim, theta)
        self.out_proj = nn.Linear(d_out, d_out)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Attend to earlier tokens; positions are 0, 1, 2, … unless they are given.

        Raises:
            TypeError: positions are no integers.
            ValueError: shapes do not fit.
        """
        check_input(x, self.d_in)
        check_positions(positions, tuple(x.shape[:-1]))

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, E)
        keys, values = self.W_key(x), self.W_value(x)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)

        # 3. Query-key norm: RMSNorm over the D channels of each query and key.
        normed_queries = self.query_norm(head_queries)  # (*B, H, T, D)
        normed_keys = self.key_norm(group_keys)  # (*B, G, T, D)

        # 4. Rotation: queries and keys turn by their position, equal in all heads.
        places = None if positions is None else positions.unsqueeze(-2)
        rotated_queries = self.rotate(normed_queries, places)  # (*B, H, T, D)
        rotated_keys = self.rotate(normed_keys, places)  # (*B, G, T, D)

        # 5-9. Fused call: groups, attention scores, causal mask, softmax, average.
        head_context = F.scaled_dot_product_attention(
            rotated_queries, rotated_keys, group_values, is_causal=True, enable_gqa=True
        )  # (*B, H, T, D)

        # 10. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 11. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
