"""Several causal heads side by side, each with weights of its own.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2,
        without the output projection; Raschka 2024, *Build a Large Language Model
        (From Scratch)*, section 3.6.1.
Twin:   reference/attention/multi_head_wrapper.py
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.causal import CausalAttention
from torch_impl.refusals import refuse_sizes


class MultiHeadAttentionWrapper(nn.Module):
    """Independent causal heads; what they find stands side by side.

    `d_out` counts the channels of one head, so the result has num_heads × d_out.

    Queries are zero, so each head averages what it sees; the second head's values
    are ten times the first one's.

    >>> attention = MultiHeadAttentionWrapper(1, 1, 2, dropout=0.0, num_heads=2)
    >>> attention.load_state_dict(
    ...     {
    ...         "heads.0.W_query.weight": torch.tensor([[0.0]]),
    ...         "heads.0.W_key.weight": torch.tensor([[1.0]]),
    ...         "heads.0.W_value.weight": torch.tensor([[1.0]]),
    ...         "heads.1.W_query.weight": torch.tensor([[0.0]]),
    ...         "heads.1.W_key.weight": torch.tensor([[1.0]]),
    ...         "heads.1.W_value.weight": torch.tensor([[10.0]]),
    ...     }
    ... )
    <All keys matched successfully>
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
        refuse_sizes(num_heads=num_heads)  # each head refuses the rest
        self.heads = nn.ModuleList(
            CausalAttention(d_in, d_out, context_length, dropout, qkv_bias)
            for _ in range(num_heads)
        )

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T E"]:
        """Let every head attend by itself and join what they found.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape, or is longer than the context.
        """
        # 1. Let every head mix values by weights of its own.
        contexts = [head(x) for head in self.heads]  # H × (*B, T, D)

        # 2. Put the heads side by side.
        context = torch.cat(contexts, dim=-1)  # (*B, T, E)
        return context
