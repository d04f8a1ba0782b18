"""GELU: every number times the chance that a normal draw is below it.

Source: Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415.
Twin:   torch.nn.functional.gelu
"""

import math

import numpy as np
from jaxtyping import Float


def gelu(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Compute x Φ(x) = ½ x (1 + erf(x / √2)), as BERT does.

    GPT-2 has an approximation to it instead: `primitives/gelu_tanh`.

    For any x, GELU of x less GELU of -x is x.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    # 1. Error function: of x / √2.
    erf = erf_of_each(x / math.sqrt(2))

    # 2. Probability: that a draw of the standard normal distribution is below x.
    probability = 0.5 * (1 + erf)

    # 3. Output: the number times that probability.
    output = x * probability
    return output


def gelu_backward(
    grad_output: Float[np.ndarray, "..."], x: Float[np.ndarray, "..."]
) -> Float[np.ndarray, "..."]:
    """Return the gradient of `x`: dx = (Φ(x) + x φ(x)) dy, φ the normal density.

    >>> gelu_backward(np.array([3.0, 3.0, 3.0]), x=np.array([-99.0, 0.0, 99.0]))
    array([0. , 1.5, 3. ])
    """
    probability = 0.5 * (1 + erf_of_each(x / math.sqrt(2)))
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return grad_output * (probability + x * density)


def erf_of_each(z: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Call Python's error function number by number: NumPy has none.

    >>> erf_of_each(np.array([-np.inf, 0.0, np.inf]))
    array([-1.,  0.,  1.])
    """
    erf = np.empty_like(z)
    erf.flat[:] = [math.erf(each) for each in z.flat]
    return erf
