"""Split heads: the channels of every token are cut into heads.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2.
Twin:   x.unflatten(-1, (-1, head_dim)).transpose(-3, -2)
"""

import numpy as np
from jaxtyping import Float


def split_heads(
    x: Float[np.ndarray, "*B T C"], head_dim: int
) -> Float[np.ndarray, "*B H T D"]:
    """Read every `head_dim` channels as a head, and put the heads before the tokens.

    >>> split_heads(np.array([[1.0, 2.0, 3.0, 4.0]]), head_dim=2).tolist()  # one token
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """
    # 1. Split: every head_dim channels are one head.
    n_heads = x.shape[-1] // head_dim
    by_token = x.reshape(*x.shape[:-1], n_heads, head_dim)  # (*B, T, H, D)

    # 2. Transpose: the heads come before the tokens.
    heads = by_token.swapaxes(-3, -2)  # (*B, H, T, D)
    return heads


def split_heads_backward(
    grad_heads: Float[np.ndarray, "*B H T D"],
) -> Float[np.ndarray, "*B T C"]:
    """Return the gradient of `x`: numbers only moved, and so their gradients move back.

    >>> split_heads_backward(np.array([[[1.0, 2.0]], [[3.0, 4.0]]])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    grad_by_token = grad_heads.swapaxes(-3, -2)  # (*B, T, H, D)
    n_heads, head_dim = grad_by_token.shape[-2:]
    return grad_by_token.reshape(*grad_by_token.shape[:-2], n_heads * head_dim)
