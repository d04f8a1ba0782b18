"""SiLU: every number times its sigmoid; also called swish.

Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415;
        Elfwing et al. 2017, https://arxiv.org/abs/1702.03118.
Twin:   torch.nn.functional.silu
"""

import numpy as np
from jaxtyping import Float


def silu(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Compute x σ(x) = x / (1 + exp(-x)), as the gate of SwiGLU does.

    The sigmoid of log 3 is ¾, and that of -log 3 is ¼.

    >>> silu(np.array([np.log(3.0), 0.0, -np.log(3.0)])) / np.log(3.0)
    array([ 0.75,  0.  , -0.25])
    """
    # 1. Sigmoid: by the exponential of a number that is not positive: none overflows.
    exps = np.exp(-np.abs(x))
    sigmoid = np.where(x >= 0, 1, exps) / (1 + exps)

    # 2. Output: the number times its sigmoid.
    output = x * sigmoid
    return output


def silu_backward(
    grad_output: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Return the gradient of `x`: dx = σ (1 + x (1 - σ)) dy.

    >>> silu_backward(np.array([3.0, 3.0, 3.0]), x=np.array([-999.0, 0.0, 999.0]))
    array([-0. ,  1.5,  3. ])
    """
    exps = np.exp(-np.abs(x))
    sigmoid = np.where(x >= 0, 1, exps) / (1 + exps)
    return grad_output * sigmoid * (1 + x * (1 - sigmoid))
