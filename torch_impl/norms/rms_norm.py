"""RMSNorm: every vector divided by its root mean square, then scaled by a gain.

Source: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467, equation 4.
Twin:   reference/norms/rms_norm.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_eps, check_input, check_sizes


class RMSNorm(nn.Module):
    """`x / √(mean(x²) + eps) · weight`, over the channels of every token.

    `eps` keeps a vector of zeros from dividing by zero; it stands under the root.
    Differs from Gemma's, whose checkpoints hold `weight - 1`.

    The mean square of -1 and 7 is 25; the gain of the second channel is 10.

    >>> norm = RMSNorm(2, eps=0.0)
    >>> norm.weight.data = torch.tensor([1.0, 10.0])
    >>> norm(torch.tensor([[-1.0, 7.0]])).detach()
    tensor([[-0.2000, 14.0000]])
    """

    def __init__(self, dim: int, eps: float = 1e-6):
        super().__init__()
        check_sizes(dim=dim)
        check_eps(eps)
        self.dim, self.eps = dim, eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Normalize every token's vector by itself."""
        check_input(x, self.dim)

        # 1-3. Fused call: mean square, normalize, gain.
        output = F.rms_norm(x, (self.dim,), self.weight, self.eps)  # (*B, T, C)
        return output
