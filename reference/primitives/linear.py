"""An affine map, in `nn.Linear`'s layout.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
Twin:   torch.nn.Linear
"""

import math

import numpy as np
from jaxtyping import Float

from reference.gradients import recalled
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
        self._made = x, mapped
        return mapped + self.bias if hasattr(self, "bias") else mapped

    def backward(
        self, grad_output: Float[np.ndarray, "*B Out"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x`, the weight and the bias; rows add up.

        >>> line = Linear(1, 1, bias=True, rng=np.random.default_rng())
        >>> line.load_state_dict({"weight": [[2.0]], "bias": [0.0]})
        >>> mapped = line(np.array([[3.0], [4.0]]))
        >>> for name, gradient in line.backward(np.array([[1.0], [10.0]])).items():
        ...     print(name, gradient.tolist())
        x [[2.0], [20.0]]
        weight [[43.0]]
        bias [11.0]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        x, _ = recalled(self, grad_output)
        rows = x.reshape(-1, x.shape[-1])
        grad_rows = grad_output.reshape(-1, grad_output.shape[-1])
        gradients = {"x": grad_output @ self.weight, "weight": grad_rows.T @ rows}
        if hasattr(self, "bias"):
            gradients["bias"] = grad_rows.sum(axis=0)
        return gradients
