"""Input embeddings: a vector for each token plus a vector for its position.

Source: Radford et al. 2018, "Improving Language Understanding by Generative
        Pre-Training", section 3.1, equation 2: h = U W_e + W_p;
        Raschka, *Build a Large Language Model (From Scratch)*, section 2.8.
Twin:   torch_impl/data/embedding.py
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Module, check_sizes
from reference.primitives.embedding import Embedding
from reference.tape import NO_TAPE, Tape


class TokenAndPositionEmbedding(Module):
    """A learned vector for each token and each position, both drawn from N(0, 1).

    >>> embed = TokenAndPositionEmbedding(2, 1, context_length=3)
    >>> embed.token_embedding.weight[...] = [[1.0], [2.0]]
    >>> embed.position_embedding.weight[...] = [[0.0], [10.0], [20.0]]
    >>> embed(np.array([1, 1, 0]))
    array([[ 2.],
           [12.],
           [21.]])
    """

    def __init__(
        self,
        vocab_size: int,
        output_dim: int,
        context_length: int,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(vocab_size=vocab_size, output_dim=output_dim)
        check_sizes(context_length=context_length)
        rng = rng or np.random.default_rng()
        self.vocab_size, self.context_length = vocab_size, context_length
        self.token_embedding = Embedding(vocab_size, output_dim, rng=rng)
        self.position_embedding = Embedding(context_length, output_dim, rng=rng)

    def forward(
        self, ids: Integer[np.ndarray, "*B T"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Embed ids; the first token of every text is at position 0."""
        check_ids(ids, self.vocab_size, self.context_length)

        # 1. Token embeddings: each id picks its row of the table.
        token_embeddings = self.token_embedding(ids, tape)  # (*B, T, C)

        # 2. Position embeddings: each position picks its row of another table.
        positions = np.arange(ids.shape[-1])  # (T,)
        position_embeddings = self.position_embedding(positions, tape)  # (T, C)

        # 3. Input embeddings: the sum of both; all texts have the same positions.
        input_embeddings = token_embeddings + position_embeddings  # (*B, T, C)
        tape.save(self, input_embeddings)
        return input_embeddings

    def backward(
        self, grad_input_embeddings: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> None:
        """Add the gradients of both tables to the tape; ids have none.

        Token 1 is at positions 0 and 1; nothing is at position 2.

        >>> embed, tape = TokenAndPositionEmbedding(2, 1, context_length=3), Tape()
        >>> input_embeddings = embed(np.array([1, 1]), tape)
        >>> embed.backward(np.array([[1.0], [10.0]]), tape)
        >>> {name: grad.tolist() for name, grad in tape.gradients(embed).items()}
        ... # doctest: +NORMALIZE_WHITESPACE
        {'token_embedding.weight': [[0.0], [11.0]],
         'position_embedding.weight': [[1.0], [10.0], [0.0]]}
        """
        tape.restore(self, grad_input_embeddings)

        # 3. input_embeddings = token_embeddings + position_embeddings: all texts share
        # the position embeddings, so their gradients add up.
        texts = tuple(range(grad_input_embeddings.ndim - 2))
        grad_position_embeddings = grad_input_embeddings.sum(axis=texts)  # (T, C)

        # 2. position_embeddings = position_embedding(positions).
        self.position_embedding.backward(grad_position_embeddings, tape)

        # 1. token_embeddings = token_embedding(ids).
        self.token_embedding.backward(grad_input_embeddings, tape)


def check_ids(
    ids: Integer[np.ndarray, "..."], vocab_size: int, context_length: int
) -> None:
    """Check that ids are integers of shape (…, T), each of them in the vocabulary.

    >>> check_ids(np.array([0, -1]), vocab_size=3, context_length=4)
    Traceback (most recent call last):
    ValueError: ids must lie in 0..2, got -1
    """
    if not isinstance(ids, np.ndarray):
        kind = type(ids).__name__
        raise TypeError(f"ids must be an array of this backend, got {kind}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids must be integers, got {ids.dtype}")
    if ids.ndim == 0:
        raise ValueError(f"ids must have shape (…, T), got {ids.shape}")
    if ids.shape[-1] > context_length:
        limit = f"context_length = {context_length}"
        raise ValueError(f"at most {limit} tokens fit, got {ids.shape[-1]}")
    outside = ids[(ids < 0) | (ids >= vocab_size)]
    if outside.size:
        raise ValueError(f"ids must lie in 0..{vocab_size - 1}, got {outside[0]}")
