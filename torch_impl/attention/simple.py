"""Simple self-attention: each token mixes all tokens, by how alike they are.

Source: Raschka 2024, *Build a Large Language Model (From Scratch)*, section 3.3;
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1, without
        the scale and with the inputs themselves as queries, keys and values.
Twin:   reference/attention/simple.py
"""

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.refusals import refuse_input


class SimpleSelfAttention(nn.Module):
    """Attention without weights: tokens are compared and mixed as they are.

    Differs from all that follow: the scores are not scaled.

    The book's six tokens, followed by hand for the second one: its scores are dot
    products, their exponentials divided by their sum are its weights, and its
    context is the sum of the tokens, each times its weight.

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
    >>> scores = x @ x[1]
    >>> scores
    tensor([0.9544, 1.4950, 1.4754, 0.8434, 0.7070, 1.0865])
    >>> weights = scores.exp() / scores.exp().sum()
    >>> weights
    tensor([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
    >>> weights @ x
    tensor([0.4419, 0.6515, 0.5683])

    >>> SimpleSelfAttention()(x)[1]
    tensor([0.4419, 0.6515, 0.5683])
    """

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Mix all tokens by how well they match each token.

        Raises:
            TypeError: `x` does not hold floating-point numbers.
            ValueError: `x` has fewer than two axes.
        """
        refuse_input(x, None)

        # 1. Score every token against every token.
        scores = x @ x.mT  # (*B, T, T)

        # 2. Turn each row of scores into weights that sum to one.
        weights = scores.softmax(dim=-1)  # (*B, T, T)

        # 3. Mix the tokens by those weights.
        context = weights @ x  # (*B, T, C)
        return context
