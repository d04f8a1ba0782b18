"""Causal attention: each token mixes itself and what came before it.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3.
Twin:   reference/attention/causal.py
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
)


class CausalAttention(nn.Module):
    """One attention head that cannot look ahead, with dropout on its weights.

    The first of two tokens sees itself alone; the second sees both alike, since
    its query is zero.

    >>> head = CausalAttention(1, 1, context_length=2, dropout=0.0)
    >>> one, zero = torch.ones(1, 1), torch.zeros(1, 1)
    >>> head.load_state_dict(
    ...     {"W_query.weight": zero, "W_key.weight": one, "W_value.weight": one}
    ... )
    <All keys matched successfully>
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[2.],
            [3.]])
    """

    visible: Tensor

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
    ):
        super().__init__()
        refuse_sizes(d_in=d_in, d_out=d_out, context_length=context_length)
        refuse_dropout(dropout)
        self.d_in = d_in
        self.context_length = context_length
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        causal = torch.ones(context_length, context_length, dtype=torch.bool).tril()
        self.register_buffer("visible", causal, persistent=False)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Mix values by how well their keys match each query.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape, or is longer than the context.
        """
        refuse_input(x, self.d_in)
        n_tokens = x.shape[-2]
        refuse_length(n_tokens, self.context_length)

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Score every query against every key.
        scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Hide the future: token t sees tokens 0..t.
        visible = self.visible[:n_tokens, :n_tokens]  # (T, T)
        masked = scores.masked_fill(~visible, -math.inf)  # (*B, T, T)

        # 4. Turn each row of scores into weights that sum to one.
        weights = masked.softmax(dim=-1)  # (*B, T, T)

        # 5. While training, drop weights at random and scale up the rest.
        kept = self.dropout(weights)  # (*B, T, T)

        # 6. Mix the values by those weights.
        context = kept @ values  # (*B, T, D)
        return context
