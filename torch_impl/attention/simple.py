"""Simple self-attention: each token is a weighted average of all, by dot products.

Source: Raschka, *Build a Large Language Model (From Scratch)*, section 3.3;
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1, without
        the scale and with the inputs themselves as queries, keys and values.
Twin:   reference/attention/simple.py
"""

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input


class SimpleSelfAttention(nn.Module):
    """Attention without parameters: queries, keys and values are the tokens themselves.

    Differs from all later variants: attention scores are not scaled.

    The book's six tokens, and the second one's context vector by hand: its attention
    scores are dot products, its attention weights are their softmax, and its context
    vector is the sum of the tokens, each times its attention weight.

    >>> import torch
    >>> x = torch.tensor(
    ...     [
    ...         [0.43, 0.15, 0.89],
    ...         [0.55, 0.87, 0.66],
    ...         [0.57, 0.85, 0.64],
    ...         [0.22, 0.58, 0.33],
    ...         [0.77, 0.25, 0.10],
    ...         [0.05, 0.80, 0.55],
    ...     ]
    ... )
    >>> attn_scores = x @ x[1]
    >>> attn_scores
    tensor([0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865])
    >>> attn_weights = attn_scores.exp() / attn_scores.exp().sum()
    >>> attn_weights
    tensor([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
    >>> attn_weights @ x
    tensor([0.4419, 0.6515, 0.5683])

    >>> SimpleSelfAttention()(x)[1]
    tensor([0.4419, 0.6515, 0.5683])
    """

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Compute softmax(X Xᵀ) X."""
        check_input(x, None)

        # 1. Attention scores: every token with every token.
        attn_scores = x @ x.mT  # (*B, T, T)

        # 2. Softmax: attention weights that sum to one in every row.
        attn_weights = attn_scores.softmax(dim=-1)  # (*B, T, T)

        # 3. Context vectors: tokens averaged by their attention weights.
        context = attn_weights @ x  # (*B, T, C)
        return context
