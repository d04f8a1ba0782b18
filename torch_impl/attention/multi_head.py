"""Multi-head attention: one projection, split into heads that attend in parallel.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2.
Twin:   reference/attention/multi_head.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.refusals import (
    refuse_dropout,
    refuse_input,
    refuse_length,
    refuse_sizes,
    refuse_uneven_heads,
)


class MultiHeadAttention(nn.Module):
    """Causal heads over channels of their own, mixed by an output projection.

    `d_out` counts the channels of all heads together; head h reads the h-th run of
    d_out / num_heads channels.

    Queries are zero, so each head averages the channel it sees: 2, then (2 + 4) / 2,
    and 0, then (0 + 6) / 2. The output projection swaps the two and adds one to the
    second.

    >>> attention = MultiHeadAttention(2, 2, 2, dropout=0.0, num_heads=2)
    >>> same = torch.eye(2)
    >>> attention.load_state_dict(
    ...     {
    ...         "W_query.weight": torch.zeros(2, 2),
    ...         "W_key.weight": same,
    ...         "W_value.weight": same,
    ...         "out_proj.weight": same.flip(0),
    ...         "out_proj.bias": torch.tensor([0.0, 1.0]),
    ...     }
    ... )
    <All keys matched successfully>
    >>> attention(torch.tensor([[2.0, 0.0], [4.0, 6.0]])).detach()
    tensor([[0., 3.],
            [3., 4.]])
    """

    visible: Tensor

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
        refuse_sizes(
            d_in=d_in, d_out=d_out, context_length=context_length, num_heads=num_heads
        )
        refuse_uneven_heads(d_out, num_heads)
        refuse_dropout(dropout)
        self.d_in = d_in
        self.context_length = context_length
        self.num_heads = num_heads
        self.head_dim = d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        causal = torch.ones(context_length, context_length, dtype=torch.bool).tril()
        self.register_buffer("visible", causal, persistent=False)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Mix values by how well their keys match each query, head by head.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape, or is longer than the context.
        """
        refuse_input(x, self.d_in)
        n_tokens = x.shape[-2]
        refuse_length(n_tokens, self.context_length)

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(x)  # (*B, T, E)
        values = self.W_value(x)  # (*B, T, E)

        # 2. Split their channels into heads, and put the heads first.
        heads = (self.num_heads, self.head_dim)
        head_queries = queries.unflatten(-1, heads).transpose(-3, -2)  # (*B, H, T, D)
        head_keys = keys.unflatten(-1, heads).transpose(-3, -2)  # (*B, H, T, D)
        head_values = values.unflatten(-1, heads).transpose(-3, -2)  # (*B, H, T, D)

        # 3. Score every query against every key of the same head.
        scores = head_queries @ head_keys.mT / math.sqrt(self.head_dim)  # (*B, H, T, T)

        # 4. Hide the future: token t sees tokens 0..t.
        visible = self.visible[:n_tokens, :n_tokens]  # (T, T)
        masked = scores.masked_fill(~visible, -math.inf)  # (*B, H, T, T)

        # 5. Turn each row of scores into weights that sum to one.
        weights = masked.softmax(dim=-1)  # (*B, H, T, T)

        # 6. While training, drop weights at random and scale up the rest.
        kept = self.dropout(weights)  # (*B, H, T, T)

        # 7. Mix the values by those weights.
        head_context = kept @ head_values  # (*B, H, T, D)

        # 8. Put the heads side by side again.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 9. Mix what the heads found.
        output = self.out_proj(context)  # (*B, T, E)
        return output
