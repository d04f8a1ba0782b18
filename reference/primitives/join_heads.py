"""Join heads: the channels of all heads of a token are put side by side.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2: Concat.
Twin:   heads.transpose(-3, -2).flatten(-2)
"""

import numpy as np
from jaxtyping import Float


def join_heads(
    heads: Float[np.ndarray, "*B H T D"],
) -> Float[np.ndarray, "*B T C"]:
    """Put the channels of head 0 first, then those of head 1, and so on.

    >>> join_heads(np.array([[[1.0, 2.0]], [[3.0, 4.0]]])).tolist()
    [[1.0, 2.0, 3.0, 4.0]]
    """
    # 1. Transpose: the tokens come before the heads.
    by_token = heads.swapaxes(-3, -2)  # (*B, T, H, D)

    # 2. Join: the channels of all heads side by side.
    n_heads, head_dim = by_token.shape[-2:]
    joined = by_token.reshape(*by_token.shape[:-2], n_heads * head_dim)  # (*B, T, C)
    return joined


def join_heads_backward(
    grad_joined: Float[np.ndarray, "*B T C"], heads: Float[np.ndarray, "*B H T D"]
) -> Float[np.ndarray, "*B H T D"]:
    """Return the gradient of `heads`, whose shape says how the channels were cut.

    >>> heads = np.zeros((2, 1, 2))
    >>> join_heads_backward(np.array([[1.0, 2.0, 3.0, 4.0]]), heads).tolist()
    [[[1.0, 2.0]], [[3.0, 4.0]]]
    """
    n_heads, _, head_dim = heads.shape[-3:]
    by_token = grad_joined.reshape(*grad_joined.shape[:-1], n_heads, head_dim)
    return by_token.swapaxes(-3, -2)  # (*B, H, T, D)
