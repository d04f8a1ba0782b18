"""LayerNorm: every vector with mean 0 and variance 1, then a gain and a bias.

Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450, section 3.1;
        Raschka, *Build a Large Language Model (From Scratch)*, section 4.2.
Twin:   reference/norms/layer_norm.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_eps, check_input, check_sizes


class LayerNorm(nn.Module):
    """`(x - mean) / √(variance + eps) · weight + bias`, over the channels of a token.

    The variance is the average square of what is left of the mean: it divides by C,
    not by C - 1 as `torch.var` does unless told otherwise.

    The mean of 1 and 5 is 3, and they are 2 away from it.

    >>> norm = LayerNorm(2, eps=0.0)
    >>> norm.weight.data, norm.bias.data = torch.tensor([[1.0, 10.0], [0.0, 1.0]])
    >>> norm(torch.tensor([[1.0, 5.0]])).detach()
    tensor([[-1., 11.]])
    """

    def __init__(self, dim: int, eps: float = 1e-5):
        super().__init__()
        check_sizes(dim=dim)
        check_eps(eps)
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Normalize every token's vector by itself."""
        check_input(x, self.dim)

        # 1-4. Fused call: mean, variance, normalize, gain and bias.
        output = F.layer_norm(x, (self.dim,), self.weight, self.bias, self.eps)
        return output
