"""An affine map, in `nn.Linear`'s layout.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
Twin:   torch.nn.Linear
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module


class Linear(Module):
    """`x @ weight.T + bias`; weight is (out, in), so weights travel unchanged.

    >>> double = Linear(1, 1, bias=False, rng=np.random.default_rng())
    >>> double.load_state_dict({"weight": [[2.0]]})
    >>> double(np.array([[3.0]]))
    array([[6.]])
    """

    def __init__(self, d_in: int, d_out: int, bias: bool, rng: np.random.Generator):
        bound = 1 / math.sqrt(d_in)
        self.weight = rng.uniform(-bound, bound, (d_out, d_in))
        if bias:
            self.bias = rng.uniform(-bound, bound, d_out)

    def forward(self, x: Float[np.ndarray, "*B In"]) -> Float[np.ndarray, "*B Out"]:
        """Map the last axis of `x` from `in` to `out` channels."""
        mapped = x @ self.weight.T
        return mapped + self.bias if hasattr(self, "bias") else mapped
