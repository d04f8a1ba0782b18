"""Differential attention: the difference of two heads takes out what both attend to.

Source: Ye et al. 2026, Differential Transformer V2, the folder Diff-Transformer-V2
        in https://github.com/microsoft/unilm; the first version: Ye et al. 2024,
        https://arxiv.org/abs/2410.05258.
Twin:   reference/attention/differential.py
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_multiple, check_sizes


class DifferentialAttention(nn.Module):
    """Causal heads, each context vector that of one query head minus λ that of another.

    There are 2H query heads for H heads: head h is query head 2h minus λ times query
    head 2h + 1, λ = σ(x W_lambda), a number for each token and head. Both read the same
    key and value head, so that the difference is that of their attention weights.

    Differs from the first version, whose λ is learned for a layer, and whose heads are
    normalized after the difference.

    Queries of zero attend to all tokens, and so do both heads: λ = ½ leaves half of it.

    >>> import torch
    >>> attention = DifferentialAttention(1, 2, num_heads=2, num_kv_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.ones_(attention.W_value.weight)
    >>> _ = nn.init.zeros_(attention.W_lambda.weight)
    >>> _ = nn.init.eye_(attention.out_proj.weight)
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> attention(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[1.0000, 1.0000],
            [1.5000, 1.5000]])
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
        self.W_query = nn.Linear(d_in, 2 * d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_lambda = nn.Linear(d_in, num_heads, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Attend to earlier tokens by the difference of two heads."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes two queries, a key, a value and a λ.
        queries = self.W_query(x)  # (*B, T, 2*E)
        keys = self.W_key(x)  # (*B, T, G*D)
        values = self.W_value(x)  # (*B, T, G*D)
        lambda_logits = self.W_lambda(x)  # (*B, T, H)

        # 2. Heads: 2H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, 2*H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)

        # 3-7. Fused call: groups, attention scores, causal mask, softmax, average.
        head_context = F.scaled_dot_product_attention(
            head_queries, group_keys, group_values, is_causal=True, enable_gqa=True
        )  # (*B, 2*H, T, D)

        # 8. Lambda: the sigmoid of a number for each token and head.
        lambdas = lambda_logits.mT.unsqueeze(-1).sigmoid()  # (*B, H, T, 1)

        # 9. Difference: of two heads side by side, which share keys and values.
        even_context = head_context[..., 0::2, :, :]  # (*B, H, T, D)
        odd_context = head_context[..., 1::2, :, :]  # (*B, H, T, D)
        differences = even_context - lambdas * odd_context  # (*B, H, T, D)

        # 10. Joined heads: the context vectors of all heads side by side.
        context = differences.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 11. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
