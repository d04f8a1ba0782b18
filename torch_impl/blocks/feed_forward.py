"""Feed-forward: two linear layers with GELU between them, for every token by itself.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.3, with GELU
        for ReLU; Raschka, *Build a Large Language Model (From Scratch)*, section 4.3.
Twin:   reference/blocks/feed_forward.py
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes


class FeedForward(nn.Module):
    """Project to `hidden_dim` channels, apply GELU, and project to `emb_dim` channels.

    GELU is the approximation by tanh, as in GPT-2, where `hidden_dim` is 4 · `emb_dim`.

    GELU of x less GELU of -x is x, so that two opposite hidden channels pass x on.

    >>> import torch
    >>> feed_forward = FeedForward(1, 2)
    >>> _ = feed_forward.up_proj.weight.data.copy_(torch.tensor([[1.0], [-1.0]]))
    >>> _ = feed_forward.down_proj.weight.data.copy_(torch.tensor([[1.0, -1.0]]))
    >>> _ = nn.init.zeros_(feed_forward.up_proj.bias)
    >>> _ = nn.init.constant_(feed_forward.down_proj.bias, 5.0)
    >>> feed_forward(torch.tensor([[2.0]])).detach()
    tensor([[7.]])
    """

    def __init__(self, emb_dim: int, hidden_dim: int):
        super().__init__()
        check_sizes(emb_dim=emb_dim, hidden_dim=hidden_dim)
        self.emb_dim = emb_dim
        self.up_proj = nn.Linear(emb_dim, hidden_dim)
        self.down_proj = nn.Linear(hidden_dim, emb_dim)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Compute GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂."""
        check_input(x, self.emb_dim)

        # 1. Up projection: every token gets F hidden channels.
        hidden = self.up_proj(x)  # (*B, T, F)

        # 2. Activation: GELU by tanh. Without it, both layers would be a single one.
        activated = F.gelu(hidden, approximate="tanh")  # (*B, T, F)

        # 3. Down projection: from the hidden channels to those of the model.
        output = self.down_proj(activated)  # (*B, T, C)
        return output
