"""RMSNorm: every vector divided by its root mean square, then scaled by a gain.

Source: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467, equation 4.
Twin:   torch_impl/norms/rms_norm.py
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


class RMSNorm(Module):
    """`x / √(mean(x²) + eps) · weight`, over the channels of every token.

    `eps` keeps a vector of zeros from dividing by zero; it stands under the root.
    Differs from Gemma's, whose checkpoints hold `weight - 1`.

    The mean square of -1 and 7 is 25; the gain of the second channel is 10.

    >>> norm = RMSNorm(2, eps=0.0)
    >>> norm.weight[...] = [1.0, 10.0]
    >>> norm(np.array([[-1.0, 7.0]]))
    array([[-0.2, 14. ]])
    """

    def __init__(self, dim: int, eps: float = 1e-6):
        check_sizes(dim=dim)
        check_eps(eps)
        self.dim, self.eps = dim, eps
        self.weight = np.ones(dim)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Normalize every token's vector by itself."""
        check_input(x, self.dim)
        check_same_dtype(x, self.weight)

        # 1. Mean square: the average of the squared channels.
        mean_square = (x * x).mean(axis=-1, keepdims=True)  # (*B, T, 1)

        # 2. Normalize: divide by the root of the mean square.
        inverse_rms = 1 / np.sqrt(mean_square + self.eps)  # (*B, T, 1)
        normed = x * inverse_rms  # (*B, T, C)

        # 3. Gain: every channel times its learned factor.
        output = normed * self.weight  # (*B, T, C)
        tape.save(self, output, inverse_rms=inverse_rms, normed=normed)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`; add that of the gain to the tape."""
        saved = tape.restore(self, grad_output)

        # 3. output = normed * weight: all tokens share the gain, so they add up.
        tokens = tuple(range(grad_output.ndim - 1))
        tape.add_gradient(self.weight, (grad_output * saved.normed).sum(axis=tokens))
        grad_normed = grad_output * self.weight  # (*B, T, C)

        # 1-2. n = x / r, r = √(mean(x²) + eps): dx = (dn - n · mean(n dn)) / r.
        along = (saved.normed * grad_normed).mean(axis=-1, keepdims=True)  # (*B, T, 1)
        grad_x = (grad_normed - saved.normed * along) * saved.inverse_rms
        return grad_x
