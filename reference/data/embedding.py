"""What goes into a model: a vector for each token, plus one for where it stands.

Source: Radford et al. 2018, "Improving Language Understanding by Generative
        Pre-Training", section 3.1, equation 2: h = U W_e + W_p.
Twin:   torch_impl/data/embedding.py
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.gradients import dotted, recalled
from reference.module import Module
from reference.primitives.embedding import Embedding
from reference.refusals import refuse_length, refuse_no_array, refuse_sizes
from reference.tokenizers.ids import refuse_ids


class TokenAndPositionEmbedding(Module):
    """Learned vectors for tokens and for positions, both drawn from N(0, 1).

    >>> embed = TokenAndPositionEmbedding(2, 1, context_length=3)
    >>> embed.load_state_dict(
    ...     {
    ...         "token_embedding.weight": [[1.0], [2.0]],
    ...         "position_embedding.weight": [[0.0], [10.0], [20.0]],
    ...     }
    ... )
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
        refuse_sizes(
            vocab_size=vocab_size, output_dim=output_dim, context_length=context_length
        )
        self.rng = rng or np.random.default_rng()
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.token_embedding = Embedding(vocab_size, output_dim, self.rng)
        self.position_embedding = Embedding(context_length, output_dim, self.rng)

    def forward(self, ids: Integer[np.ndarray, "*B T"]) -> Float[np.ndarray, "*B T C"]:
        """Turn ids into vectors; the first token of every text stands at position 0.

        Raises:
            TypeError: `ids` is no array, or an id not a whole number.
            ValueError: an id is not in the vocabulary (none is negative), or the text
                is longer than the context.
        """
        refuse_no_array(ids=ids)
        refuse_ids(ids, self.vocab_size)
        refuse_no_axis(ids)
        n_tokens = ids.shape[-1]
        refuse_length(n_tokens, self.context_length)

        # 1. Look the vector of every token up.
        tokens = self.token_embedding(ids)  # (*B, T, C)

        # 2. Look the vector of every position up.
        places = np.arange(n_tokens)  # (T,)
        positions = self.position_embedding(places)  # (T, C)

        # 3. Add them, the same positions for every text.
        embedded = tokens + positions  # (*B, T, C)
        self._made = (embedded,)
        return embedded

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of both weights; ids have none.

        Token 1 stands at positions 0 and 1, and position 2 is not used.

        >>> embed = TokenAndPositionEmbedding(2, 1, context_length=3)
        >>> embedded = embed(np.array([1, 1]))
        >>> gradients = embed.backward(np.array([[1.0], [10.0]]))
        >>> for name, gradient in gradients.items():
        ...     print(name, gradient.tolist())
        token_embedding.weight [[0.0], [11.0]]
        position_embedding.weight [[1.0], [10.0], [0.0]]

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        recalled(self, grad_output)

        # 3. A sum passes on what it gets; every text has its share in the positions.
        texts = tuple(range(grad_output.ndim - 2))
        grad_tokens = grad_output  # (*B, T, C)
        grad_positions = grad_output.sum(axis=texts)  # (T, C)

        # 2. The vector of a position gets what came back from there.
        of_positions = self.position_embedding.backward(grad_positions)

        # 1. The vector of a token gets what came back from wherever it stands.
        of_tokens = self.token_embedding.backward(grad_tokens)
        return dotted(
            {"token_embedding": of_tokens, "position_embedding": of_positions}
        )


def refuse_no_axis(ids: Integer[np.ndarray, "..."]) -> None:
    """Refuse a single id, which stands at no position.

    Raises:
        ValueError: `ids` has no axis.
    """
    if ids.ndim == 0:
        raise ValueError(f"ids must have shape (…, T), got {ids.shape}")
