"""A linear layer: every row of the input times one matrix, plus a bias.

Twin: torch.nn.Linear
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_same_dtype
from reference.tape import NO_TAPE, Tape


class Linear(Module):
    """`y = x @ weight.T + bias`; `weight` has shape (out, in), as in PyTorch.

    Both are drawn uniformly from [-1/√in, 1/√in), as PyTorch draws them.

    >>> layer = Linear(2, 1, bias=False)
    >>> layer.weight[...] = [[1.0, 10.0]]
    >>> layer(np.array([[3.0, 4.0]]))
    array([[43.]])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
    ):
        rng = rng or np.random.default_rng()
        bound = 1 / math.sqrt(in_features)
        self.weight = rng.uniform(-bound, bound, (out_features, in_features))
        self.bias = rng.uniform(-bound, bound, out_features) if bias else None

    def forward(
        self, x: Float[np.ndarray, "*B C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B E"]:
        """Project the last axis; `x` and the weight must have the same dtype."""
        check_same_dtype(x, self.weight, self.bias)

        # 1. Projection: multiply by the matrix, and add the bias.
        y = x @ self.weight.T  # (*B, E)
        if self.bias is not None:
            y = y + self.bias
        tape.save(self, y, x=x)
        return y

    def backward(
        self, grad_y: Float[np.ndarray, "*B E"], tape: Tape
    ) -> Float[np.ndarray, "*B C"]:
        """Return the gradient of the input; add those of the parameters to the tape."""
        saved = tape.restore(self, grad_y)

        # 1. y = x @ weight.T + bias: all rows share the parameters, so they add up.
        rows = saved.x.reshape(-1, saved.x.shape[-1])  # (N, C)
        grad_rows = grad_y.reshape(-1, grad_y.shape[-1])  # (N, E)
        tape.add_gradient(self.weight, grad_rows.T @ rows)
        if self.bias is not None:
            tape.add_gradient(self.bias, grad_rows.sum(axis=0))
        grad_x = grad_y @ self.weight  # (*B, C)
        return grad_x
