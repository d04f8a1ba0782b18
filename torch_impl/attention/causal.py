"""Causal self-attention: each token attends to itself and to earlier tokens only.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3;
        Raschka, *Build a Large Language Model (From Scratch)*, section 3.5.
Twin:   reference/attention/causal.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_dropout, check_input, check_sizes


class CausalAttention(nn.Module):
    """One attention head with a causal mask and dropout on its attention weights.

    Two tokens, 2 and 4, whose values are themselves. Queries are zero, so every score
    is zero and softmax gives equal weights: the first token attends to itself alone,
    the second averages both.

    >>> head = CausalAttention(1, 1, context_length=2, dropout=0.0)
    >>> _ = nn.init.zeros_(head.W_query.weight), nn.init.ones_(head.W_value.weight)
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[2.],
            [3.]])
    """

    causal_mask: Tensor

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        check_dropout(dropout)
        self.d_in, self.context_length = d_in, context_length
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        mask = torch.ones(context_length, context_length, dtype=torch.bool).tril()
        self.register_buffer("causal_mask", mask, persistent=False)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D, causally masked) V."""
        check_input(x, self.d_in, self.context_length)
        n_tokens = x.shape[-2]

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Attention scores: every query with every key, scaled by 1/√D.
        attn_scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Causal mask: token t may attend to tokens 0..t; other scores become -inf.
        causal_mask = self.causal_mask[:n_tokens, :n_tokens]  # (T, T)
        masked_scores = attn_scores.masked_fill(~causal_mask, -math.inf)  # (*B, T, T)

        # 4. Softmax: attention weights that sum to one in every row.
        attn_weights = masked_scores.softmax(dim=-1)  # (*B, T, T)

        # 5. Dropout: in training, zero weights with probability p, scale up the rest.
        dropped_weights = self.dropout(attn_weights)  # (*B, T, T)

        # 6. Context vectors: values averaged by their attention weights.
        context = dropped_weights @ values  # (*B, T, D)
        return context
