"""An embedding table: each id picks its row.

Source: Bengio et al. 2003, "A Neural Probabilistic Language Model": the matrix C.
Twin:   torch.nn.Embedding
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Module
from reference.tape import NO_TAPE, Tape


class Embedding(Module):
    """`weight[i]` is the vector of id i, drawn from a standard normal distribution.

    >>> table = Embedding(2, 2)
    >>> table.weight[...] = [[1.0, 2.0], [3.0, 4.0]]
    >>> table(np.array([1, 0, 1]))
    array([[3., 4.],
           [1., 2.],
           [3., 4.]])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        rng: np.random.Generator | None = None,
    ):
        rng = rng or np.random.default_rng()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = rng.normal(size=(num_embeddings, embedding_dim))

    def forward(
        self, ids: Integer[np.ndarray, "*B"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B D"]:
        """Look up the vector of every id.

        Raises:
            IndexError: an id is not in 0..num_embeddings - 1; a negative one is not.
        """
        if ((ids < 0) | (ids >= self.num_embeddings)).any():
            raise IndexError("index out of range in self")

        # 1. Look-up: each id picks its row of the table.
        vectors = self.weight[ids]  # (*B, D)
        tape.save(self, vectors, ids=ids)
        return vectors

    def backward(self, grad_vectors: Float[np.ndarray, "*B D"], tape: Tape) -> None:
        """Add the gradient of the table to the tape; ids have none."""
        saved = tape.restore(self, grad_vectors)

        # 1. vectors = weight[ids]: a row that was picked twice gets both gradients.
        grad_weight = np.zeros_like(self.weight)
        np.add.at(grad_weight, saved.ids, grad_vectors)
        tape.add_gradient(self.weight, grad_weight)
