"""Self-attention with `Linear` projections, as every later variant has them.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the parameters are those of linear layers.
Twin:   reference/attention/self_attention_v2.py
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes


class SelfAttentionV2(nn.Module):
    """One attention head in which every token attends to every token.

    Queries are zero, so attention weights are equal; the values of a token are the
    token and ten times the token.

    >>> import torch
    >>> head = SelfAttentionV2(1, 2)
    >>> _ = nn.init.zeros_(head.W_query.weight)
    >>> _ = head.W_value.weight.data.copy_(torch.tensor([[1.0], [10.0]]))
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[ 3., 30.],
            [ 3., 30.]])
    """

    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out)
        self.d_in = d_in
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Compute softmax(Q Kᵀ / √D) V."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Attention scores: every query with every key, scaled by 1/√D.
        attn_scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Softmax: attention weights that sum to one in every row.
        attn_weights = attn_scores.softmax(dim=-1)  # (*B, T, T)

        # 4. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, D)
        return context
