r"""Are the gradients of `F.scaled_dot_product_attention` what the pair says?

A module with the pair's constructor and weight names needs nothing more: autograd goes
the way back. A mistake stands below it, to see what the kit says of it:

    diptych check causal_attention --supports gradients,leading_axes \
        --impl parity_tests.kit.examples.fused_module:Attention
"""

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """Project, and attend to the past by the fused call."""

    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, qkv_bias)

    def forward(self, x):
        """Attend to the past."""
        projected = self.W_query(x), self.W_key(x), self.W_value(x)
        return F.scaled_dot_product_attention(*projected, is_causal=True)


class OwnSoftmax(torch.autograd.Function):
    """Softmax with a backward by hand, which forgets that weights share their sum."""

    @staticmethod
    def forward(ctx, scores):
        """Keep the weights for the way back."""
        weights = scores.softmax(dim=-1)
        ctx.save_for_backward(weights)
        return weights

    @staticmethod
    def backward(ctx, grad_weights):
        """Take no average off."""
        (weights,) = ctx.saved_tensors
        return weights * grad_weights


class WithOwnSoftmax(Attention):
    """The same outputs, and wrong gradients."""

    def forward(self, x):
        """Attend with a softmax of one's own."""
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)
        scores = queries @ keys.mT / keys.shape[-1] ** 0.5
        hidden = torch.ones_like(scores, dtype=torch.bool).triu(1)
        return OwnSoftmax.apply(scores.masked_fill(hidden, -torch.inf)) @ values
