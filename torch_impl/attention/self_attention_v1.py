"""Self-attention with learned projections to queries, keys and values.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the parameters are bare.
Twin:   reference/attention/self_attention_v1.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes


class SelfAttentionV1(nn.Module):
    """One attention head in which every token attends to every token.

    Differs from all later variants: its parameters are bare tensors of shape (in, out),
    drawn uniformly from [0, 1).

    Queries are zero, so attention weights are equal; the values of a token are the
    token and ten times the token.

    >>> head = SelfAttentionV1(1, 2)
    >>> _ = nn.init.zeros_(head.W_query)
    >>> _ = head.W_value.data.copy_(torch.tensor([[1.0, 10.0]]))
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[ 3., 30.],
            [ 3., 30.]])
    """

    def __init__(self, d_in: int, d_out: int):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out)
        self.d_in = d_in
        self.W_query = nn.Parameter(torch.rand(d_in, d_out))
        self.W_key = nn.Parameter(torch.rand(d_in, d_out))
        self.W_value = nn.Parameter(torch.rand(d_in, d_out))

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D) V."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes a query, a key and a value.
        queries = x @ self.W_query  # (*B, T, D)
        keys = x @ self.W_key  # (*B, T, D)
        values = x @ self.W_value  # (*B, T, D)

        # 2. Attention scores: every query with every key, scaled by 1/√D.
        attn_scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Softmax: attention weights that sum to one in every row.
        attn_weights = attn_scores.softmax(dim=-1)  # (*B, T, T)

        # 4. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, D)
        return context
