r"""Do the gradients of `F.scaled_dot_product_attention` agree with CausalAttention's?

A module with the pair's arguments and parameter names needs nothing more: autograd runs
backward. A mistake stands below it, to see what the kit says of it:

    diptych check attention/causal \
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
    """Softmax with a backward by hand, which forgets that a row sums to one."""

    @staticmethod
    def forward(ctx, scores):
        """Save the attention weights for the backward pass."""
        attn_weights = scores.softmax(dim=-1)
        ctx.save_for_backward(attn_weights)
        return attn_weights

    @staticmethod
    def backward(ctx, grad_attn_weights):
        """Forget to subtract the weighted mean."""
        (attn_weights,) = ctx.saved_tensors
        return attn_weights * grad_attn_weights


class WithOwnSoftmax(Attention):
    """The same outputs, and wrong gradients."""

    def forward(self, x):
        """Attend with a softmax of one's own."""
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)
        scores = queries @ keys.mT / keys.shape[-1] ** 0.5
        causal_mask = torch.ones_like(scores, dtype=torch.bool).tril()
        return OwnSoftmax.apply(scores.where(causal_mask, -torch.inf)) @ values
