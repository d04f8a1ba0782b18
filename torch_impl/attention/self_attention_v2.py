"""Self-attention with `Linear` projections, as every later variant has them.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka 2024, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the weights are linear layers.
Twin:   reference/attention/self_attention_v2.py
"""

import math

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.refusals import refuse_input, refuse_sizes


class SelfAttentionV2(nn.Module):
    """One attention head that sees every token; its weights are linear layers.

    Both tokens see both alike, since their queries are zero; each value is the
    token, and ten times the token.

    >>> import torch
    >>> head = SelfAttentionV2(1, 2)
    >>> zero, value = torch.zeros(2, 1), torch.tensor([[1.0], [10.0]])
    >>> head.load_state_dict(
    ...     {"W_query.weight": zero, "W_key.weight": value, "W_value.weight": value}
    ... )
    <All keys matched successfully>
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[ 3., 30.],
            [ 3., 30.]])
    """

    def __init__(self, d_in: int, d_out: int, qkv_bias: bool = False):
        super().__init__()
        refuse_sizes(d_in=d_in, d_out=d_out)
        self.d_in = d_in
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Mix values by how well their keys match each query.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape.
        """
        refuse_input(x, self.d_in)

        # 1. Project every token to a query, a key and a value.
        queries = self.W_query(x)  # (*B, T, D)
        keys = self.W_key(x)  # (*B, T, D)
        values = self.W_value(x)  # (*B, T, D)

        # 2. Score every query against every key.
        scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Turn each row of scores into weights that sum to one.
        weights = scores.softmax(dim=-1)  # (*B, T, T)

        # 4. Mix the values by those weights.
        context = weights @ values  # (*B, T, D)
        return context
