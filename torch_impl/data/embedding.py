"""What goes into a model: a vector for each token, plus one for where it stands.

Source: Radford et al. 2018, "Improving Language Understanding by Generative
        Pre-Training", section 3.1, equation 2: h = U W_e + W_p.
Twin:   reference/data/embedding.py
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.refusals import refuse_length, refuse_no_array, refuse_sizes
from torch_impl.tokenizers.ids import refuse_ids


class TokenAndPositionEmbedding(nn.Module):
    """Learned vectors for tokens and for positions, both drawn from N(0, 1).

    >>> embed = TokenAndPositionEmbedding(2, 1, context_length=3)
    >>> embed.load_state_dict(
    ...     {
    ...         "token_embedding.weight": torch.tensor([[1.0], [2.0]]),
    ...         "position_embedding.weight": torch.tensor([[0.0], [10.0], [20.0]]),
    ...     }
    ... )
    <All keys matched successfully>
    >>> embed(torch.tensor([1, 1, 0])).detach()
    tensor([[ 2.],
            [12.],
            [21.]])
    """

    def __init__(self, vocab_size: int, output_dim: int, context_length: int):
        super().__init__()
        refuse_sizes(
            vocab_size=vocab_size, output_dim=output_dim, context_length=context_length
        )
        self.vocab_size = vocab_size
        self.context_length = context_length
        self.token_embedding = nn.Embedding(vocab_size, output_dim)
        self.position_embedding = nn.Embedding(context_length, output_dim)

    def forward(self, ids: Integer[Tensor, "*B T"]) -> Float[Tensor, "*B T C"]:
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
        tokens = self.token_embedding(ids.long())  # (*B, T, C)

        # 2. Look the vector of every position up.
        places = torch.arange(n_tokens, device=ids.device)  # (T,)
        positions = self.position_embedding(places)  # (T, C)

        # 3. Add them, the same positions for every text.
        embedded = tokens + positions  # (*B, T, C)
        return embedded


def refuse_no_axis(ids: Integer[Tensor, "..."]) -> None:
    """Refuse a single id, which stands at no position.

    Raises:
        ValueError: `ids` has no axis.
    """
    if ids.ndim == 0:
        raise ValueError(f"ids must have shape (…, T), got {tuple(ids.shape)}")
