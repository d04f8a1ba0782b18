"""A row of numbers for every id, in `nn.Embedding`'s layout.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
Twin:   torch.nn.Embedding
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.gradients import recalled
from reference.module import Module


class Embedding(Module):
    """`weight[ids]`; weight is (ids, dim), drawn from the normal distribution N(0, 1).

    >>> letters = Embedding(3, 2, rng=np.random.default_rng())
    >>> letters.load_state_dict({"weight": [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]})
    >>> letters(np.array([2, 0]))
    array([[4., 5.],
           [0., 1.]])
    """

    def __init__(self, num_embeddings: int, dim: int, rng: np.random.Generator):
        self.weight = rng.standard_normal((num_embeddings, dim))

    def forward(self, ids: Integer[np.ndarray, "*B T"]) -> Float[np.ndarray, "*B T C"]:
        """Take the row of every id; who calls has refused what is no id."""
        rows = self.weight[ids]
        self._made = ids, rows
        return rows

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradient of the weight; an id that came twice gets both.

        Ids have no gradient.

        >>> letters = Embedding(3, 1, rng=np.random.default_rng())
        >>> rows = letters(np.array([2, 0, 2]))
        >>> letters.backward(np.array([[1.0], [10.0], [100.0]]))["weight"].tolist()
        [[10.0], [0.0], [101.0]]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        ids, _ = recalled(self, grad_output)
        grad_weight = np.zeros_like(self.weight)
        np.add.at(grad_weight, ids, grad_output)
        return {"weight": grad_weight}
