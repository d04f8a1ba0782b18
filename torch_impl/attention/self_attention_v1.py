"""Self-attention with weights: each token asks, offers a key, and gives a value.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1,
        equation 1; Raschka 2024, *Build a Large Language Model (From Scratch)*,
        section 3.4, where the weights are bare parameters.
Twin:   reference/attention/self_attention_v1.py
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.refusals import refuse_input, refuse_sizes


class SelfAttentionV1(nn.Module):
    """One attention head that sees every token; its weights are bare parameters.

    Differs from every later variant: the weights are laid out (in, out), and drawn
    uniformly from [0, 1).

    Both tokens see both alike, since their queries are zero; each value is the
    token, and ten times the token.

    >>> head = SelfAttentionV1(1, 2)
    >>> zero, value = torch.zeros(1, 2), torch.tensor([[1.0, 10.0]])
    >>> head.load_state_dict({"W_query": zero, "W_key": value, "W_value": value})
    <All keys matched successfully>
    >>> head(torch.tensor([[2.0], [4.0]])).detach()
    tensor([[ 3., 30.],
            [ 3., 30.]])
    """

    def __init__(self, d_in: int, d_out: int):
        super().__init__()
        refuse_sizes(d_in=d_in, d_out=d_out)
        self.d_in = d_in
        self.W_query = nn.Parameter(torch.rand(d_in, d_out))
        self.W_key = nn.Parameter(torch.rand(d_in, d_out))
        self.W_value = nn.Parameter(torch.rand(d_in, d_out))

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T D"]:
        """Mix values by how well their keys match each query.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has another shape.
        """
        refuse_input(x, self.d_in)

        # 1. Project every token to a query, a key and a value.
        queries = x @ self.W_query  # (*B, T, D)
        keys = x @ self.W_key  # (*B, T, D)
        values = x @ self.W_value  # (*B, T, D)

        # 2. Score every query against every key.
        scores = queries @ keys.mT / math.sqrt(keys.shape[-1])  # (*B, T, T)

        # 3. Turn each row of scores into weights that sum to one.
        weights = scores.softmax(dim=-1)  # (*B, T, T)

        # 4. Mix the values by those weights.
        context = weights @ values  # (*B, T, D)
        return context
