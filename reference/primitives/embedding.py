"""A row of numbers for every id, in `nn.Embedding`'s layout.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
Twin:   torch.nn.Embedding
"""

import numpy as np
from jaxtyping import Float, Integer

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
        return self.weight[ids]
