"""SwiGLU: a feed-forward layer in which every hidden channel has a gate.

Source: Shazeer 2020, https://arxiv.org/abs/2002.05202: FFN_SwiGLU.
Twin:   reference/blocks/swiglu.py
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes


class SwiGLU(nn.Module):
    """`down_proj(SiLU(gate_proj x) * up_proj x)`, as in Llama; no layer has a bias.

    A gate z lets through z σ(z) times the hidden channel: SiLU(±99) is 99 or 0.

    >>> import torch
    >>> feed_forward = SwiGLU(1, 2)
    >>> _ = feed_forward.gate_proj.weight.data.copy_(torch.tensor([[99.0], [-99.0]]))
    >>> _ = feed_forward.up_proj.weight.data.copy_(torch.tensor([[2.0], [3.0]]))
    >>> _ = nn.init.ones_(feed_forward.down_proj.weight)
    >>> feed_forward(torch.tensor([[1.0]])).detach()
    tensor([[198.]])
    """

    def __init__(self, emb_dim: int, hidden_dim: int):
        super().__init__()
        check_sizes(emb_dim=emb_dim, hidden_dim=hidden_dim)
        self.emb_dim = emb_dim
        self.gate_proj = nn.Linear(emb_dim, hidden_dim, bias=False)
        self.up_proj = nn.Linear(emb_dim, hidden_dim, bias=False)
        self.down_proj = nn.Linear(hidden_dim, emb_dim, bias=False)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Compute (SiLU(x W_gᵀ) * x W_uᵀ) W_dᵀ."""
        check_input(x, self.emb_dim)

        # 1. Projections: every token gets F hidden channels, and a gate for each.
        gate = self.gate_proj(x)  # (*B, T, F)
        up = self.up_proj(x)  # (*B, T, F)

        # 2. Activation: SiLU of the gates alone.
        activated = F.silu(gate)  # (*B, T, F)

        # 3. Gating: every hidden channel times its gate.
        hidden = activated * up  # (*B, T, F)

        # 4. Down projection: from the hidden channels to those of the model.
        output = self.down_proj(hidden)  # (*B, T, C)
        return output
