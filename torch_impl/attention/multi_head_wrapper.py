"""Several causal heads side by side, each with parameters of its own.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2, without
        the output projection; Raschka, *Build a Large Language Model (From Scratch)*,
        section 3.6.1.
Twin:   reference/attention/multi_head_wrapper.py
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.causal import CausalAttention
from torch_impl.validation import check_sizes


class MultiHeadAttentionWrapper(nn.Module):
    """Independent causal heads with d_out channels each, so num_heads × d_out in all.

    Queries are zero, so each head averages its values; those of the second head are
    ten times those of the first.

    >>> attention = MultiHeadAttentionWrapper(1, 1, 2, dropout=0.0, num_heads=2)
    >>> for head, factor in zip(attention.heads, [1.0, 10.0]):
    ...     _ = nn.init.zeros_(head.W_query.weight)
    ...     _ = nn.init.constant_(head.W_value.weight, factor)
    >>> attention(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[ 2., 20.],
            [ 3., 30.]])
    """

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
        check_sizes(num_heads=num_heads)  # each head checks the rest
        self.heads = nn.ModuleList(
            CausalAttention(d_in, d_out, context_length, dropout, qkv_bias)
            for _ in range(num_heads)
        )

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Compute causal attention in every head, and put the results side by side."""
        # 1. Causal attention: every head by itself, with its own parameters.
        contexts = [head(x) for head in self.heads]  # H × (*B, T, D)

        # 2. Joined heads: the context vectors of all heads side by side.
        context = torch.cat(contexts, dim=-1)  # (*B, T, E)
        return context
