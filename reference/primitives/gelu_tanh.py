"""GELU by tanh: every number times nearly the chance that a normal draw is below it.

Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415;
        Raschka, *Build a Large Language Model (From Scratch)*, section 4.3.
Twin:   torch.nn.functional.gelu with approximate="tanh"
"""

import math

import numpy as np
from jaxtyping import Float


def gelu_tanh(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Compute ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), as GPT-2 does.

    Differs from GELU itself (`primitives/gelu`) by up to 0.0005.

    For any x, GELU of x less GELU of -x is x.

    >>> gelu_tanh(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    # 1. Polynomial: √(2/π) (x + 0.044715 x³), so that tanh is near to erf(x / √2).
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)

    # 2. Probability: nearly that a draw of the standard normal distribution is below x.
    probability = 0.5 * (1 + np.tanh(inner))

    # 3. Output: the number times that probability.
    output = x * probability
    return output


def gelu_tanh_backward(
    grad_output: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Return the gradient of `x`, by the product rule.

    Differs from PyTorch's where x² overflows: there it is NaN.

    >>> gelu_tanh_backward(np.array([3.0, 3.0, 3.0]), x=np.array([-99.0, 0.0, 99.0]))
    array([0. , 1.5, 3. ])
    """
    # Beyond ±10 the tanh is ±1 to the last bit, and what it is multiplied by is huge.
    near = np.clip(x, -10, 10)
    tanh = np.tanh(math.sqrt(2 / math.pi) * (near + 0.044715 * near * near * near))

    # 3. output = x * probability: the product rule.
    grad_probability = grad_output * near

    # 2. probability = ½ (1 + tanh(inner)): the slope of tanh is 1 - tanh².
    grad_inner = grad_probability * 0.5 * (1 - tanh * tanh)

    # 1. inner = √(2/π) (x + 0.044715 x³): x is a factor in step 3 as well.
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * near * near)
    grad_x = grad_output * 0.5 * (1 + tanh) + grad_inner * slope
    return grad_x
