"""Multi-head attention: one projection, split into heads that attend in parallel.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2;
        Raschka, *Build a Large Language Model (From Scratch)*, section 3.6.2.
Twin:   reference/attention/multi_head.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import (
    check_dropout,
    check_input,
    check_multiple,
    check_sizes,
)


class MultiHeadAttention(nn.Module):
    """Causal heads with d_out / num_heads channels each, then an output projection.

    Queries are zero, so each head averages its channel: 2, then (2 + 4) / 2, and 0,
    then (0 + 6) / 2. The output projection swaps the heads.

    >>> attention = MultiHeadAttention(2, 2, 2, dropout=0.0, num_heads=2)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.eye_(attention.W_value.weight)
    >>> _ = attention.out_proj.weight.data.copy_(torch.eye(2).flip(0))
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> attention(torch.tensor([[2.0, 0.0], [4.0, 6.0]])).detach()
    tensor([[0., 2.],
            [3., 3.]])
    """

    causal_mask: Tensor

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        check_sizes(num_heads=num_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_dropout(dropout)
        self.d_in, self.context_length = d_in, context_length
        self.num_heads, self.head_dim = num_heads, d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        mask = torch.ones(context_length, context_length, dtype=torch.bool).tril()
        self.register_buffer("causal_mask", mask, persistent=False)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Compute softmax(Q Kᵀ / √D, causally masked) V in H heads, and project it."""
        check_input(x, self.d_in, self.context_length)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(x)  # (*B, T, E)
        values = self.W_value(x)  # (*B, T, E)

        # 2. Heads: each gets D channels of every query, key and value.
        split = (self.num_heads, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        head_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        head_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)

        # 3. Attention scores: every query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        attn_scores = head_queries @ head_keys.mT * scale  # (*B, H, T, T)

        # 4. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = self.causal_mask[:n_tokens, :n_tokens]  # (T, T)
        masked_scores = attn_scores.masked_fill(~causal_mask, -math.inf)

        # 5. Softmax: attention weights that sum to one in every row.
        attn_weights = masked_scores.softmax(dim=-1)  # (*B, H, T, T)

        # 6. Dropout: in training, zero weights with probability p, scale up the rest.
        dropped_weights = self.dropout(attn_weights)  # (*B, H, T, T)

        # 7. Context vectors: values averaged by their attention weights.
        head_context = dropped_weights @ head_values  # (*B, H, T, D)

        # 8. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 9. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
