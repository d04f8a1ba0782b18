"""LayerNorm: every vector with mean 0 and variance 1, then a gain and a bias.

Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450, section 3.1;
        Raschka, *Build a Large Language Model (From Scratch)*, section 4.2.
Twin:   torch_impl/norms/layer_norm.py
"""

import numpy as np
from jaxtyping import Float

from reference.module import (
    Module,
    check_eps,
    check_input,
    check_same_dtype,
    check_sizes,
)
from reference.tape import NO_TAPE, Tape


class LayerNorm(Module):
    """`(x - mean) / √(variance + eps) · weight + bias`, over the channels of a token.

    The variance is the average square of what is left of the mean: it divides by C,
    not by C - 1 as `torch.var` does unless told otherwise.

    The mean of 1 and 5 is 3, and they are 2 away from it.

    >>> norm = LayerNorm(2, eps=0.0)
    >>> norm.weight[...], norm.bias[...] = [1.0, 10.0], [0.0, 1.0]
    >>> norm(np.array([[1.0, 5.0]]))
    array([[-1., 11.]])
    """

    def __init__(self, dim: int, eps: float = 1e-5):
        check_sizes(dim=dim)
        check_eps(eps)
        self.dim, self.eps = dim, eps
        self.weight = np.ones(dim)
        self.bias = np.zeros(dim)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Normalize every token's vector by itself."""
        check_input(x, self.dim)
        check_same_dtype(x, self.weight, self.bias)

        # 1. Mean: the average of the channels is taken off.
        centered = x - x.mean(axis=-1, keepdims=True)  # (*B, T, C)

        # 2. Variance: the average square of what is left.
        variance = (centered * centered).mean(axis=-1, keepdims=True)  # (*B, T, 1)

        # 3. Normalize: divide by the standard deviation.
        inverse_std = 1 / np.sqrt(variance + self.eps)  # (*B, T, 1)
        normed = centered * inverse_std  # (*B, T, C)

        # 4. Gain and bias: every channel has its own of each.
        output = normed * self.weight + self.bias  # (*B, T, C)
        tape.save(self, output, inverse_std=inverse_std, normed=normed)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`; add those of gain and bias to the tape."""
        saved = tape.restore(self, grad_output)

        # 4. output = normed * weight + bias: all tokens share both, so they add up.
        tokens = tuple(range(grad_output.ndim - 1))
        tape.add_gradient(self.weight, (grad_output * saved.normed).sum(axis=tokens))
        tape.add_gradient(self.bias, grad_output.sum(axis=tokens))
        grad_normed = grad_output * self.weight  # (*B, T, C)

        # 1-3. n = (x - μ) / σ: dx = (dn - mean(dn) - n · mean(n dn)) / σ.
        mean = grad_normed.mean(axis=-1, keepdims=True)  # (*B, T, 1)
        along = (saved.normed * grad_normed).mean(axis=-1, keepdims=True)  # (*B, T, 1)
        grad_x = (grad_normed - mean - saved.normed * along) * saved.inverse_std
        return grad_x
