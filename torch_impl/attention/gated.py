"""Gated attention: every token decides how much of its context vectors passes.

Source: Qiu et al. 2025, https://arxiv.org/abs/2505.06708: a sigmoid gate on the output
        of scaled dot-product attention.
Twin:   reference/attention/gated.py
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_multiple, check_sizes


class GatedAttention(nn.Module):
    """Causal grouped heads whose context vectors are multiplied by σ(x W_gate).

    The gate is that of the query's token: a number for each channel of each head, or
    one for each head. With it a token may take nothing at all, which softmax cannot.

    Differs from Qwen3-Next, where queries and gate are one projection: in each head the
    first D rows are the query's, and the next D the gate's.

    Queries of zero average what a token may attend to, and a gate of zero halves it.

    >>> import torch
    >>> attention = GatedAttention(1, 2, num_heads=2, num_kv_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.ones_(attention.W_value.weight)
    >>> _ = nn.init.zeros_(attention.W_gate.weight)
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
        gate: str = "channel",
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        if gate not in ("channel", "head"):
            raise ValueError(f"gate must be 'channel' or 'head', got {gate!r}")
        self.d_in, self.head_dim = d_in, d_out // num_heads
        self.num_heads = num_heads
        n_gates = d_out if gate == "channel" else num_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_gate = nn.Linear(d_in, n_gates, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Attend to earlier tokens, and let through what the gate says."""
        check_input(x, self.d_in)

        # 1. Projections: every token becomes a query, a key, a value and a gate.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(x)  # (*B, T, G*D)
        values = self.W_value(x)  # (*B, T, G*D)
        gate_logits = self.W_gate(x)  # (*B, T, N)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, G, T, D)

        # 3-7. Fused call: groups, attention scores, causal mask, softmax, average.
        head_context = F.scaled_dot_product_attention(
            head_queries, group_keys, group_values, is_causal=True, enable_gqa=True
        )  # (*B, H, T, D)

        # 8. Gate: the sigmoid of a number for each channel, or for each head.
        split = (self.num_heads, -1)
        head_logits = gate_logits.unflatten(-1, split).transpose(-3, -2)
        gates = head_logits.sigmoid()

        # 9. Output gate: every context vector times its gate.
        gated_context = head_context * gates  # (*B, H, T, D)

        # 10. Joined heads: the context vectors of all heads side by side.
        context = gated_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 11. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
