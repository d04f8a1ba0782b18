"""Input embeddings: a vector for each token plus a vector for its position.

Source: Radford et al. 2018, "Improving Language Understanding by Generative
        Pre-Training", section 3.1, equation 2: h = U W_e + W_p;
        Raschka, *Build a Large Language Model (From Scratch)*, section 2.8.
Twin:   reference/data/embedding.py
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.validation import check_sizes


class TokenAndPositionEmbedding(nn.Module):
    """A learned vector for each token and each position, both drawn from N(0, 1).

    >>> embed = TokenAndPositionEmbedding(2, 1, context_length=3)
    >>> embed.token_embedding.weight.data = torch.tensor([[1.0], [2.0]])
    >>> embed.position_embedding.weight.data = torch.tensor([[0.0], [10.0], [20.0]])
    >>> embed(torch.tensor([1, 1, 0])).detach()
    tensor([[ 2.],
            [12.],
            [21.]])
    """

    def __init__(self, vocab_size: int, output_dim: int, context_length: int):
        super().__init__()
        check_sizes(vocab_size=vocab_size, output_dim=output_dim)
        check_sizes(context_length=context_length)
        self.vocab_size, self.context_length = vocab_size, context_length
        self.token_embedding = nn.Embedding(vocab_size, output_dim)
        self.position_embedding = nn.Embedding(context_length, output_dim)

    def forward(self, ids: Integer[Tensor, "*B T"]) -> Float[Tensor, "*B T C"]:
        """Embed ids; the first token of every text is at position 0."""
        check_ids(ids, self.vocab_size, self.context_length)

        # 1. Token embeddings: each id picks its row of the table.
        token_embeddings = self.token_embedding(ids.long())  # (*B, T, C)

        # 2. Position embeddings: each position picks its row of another table.
        positions = torch.arange(ids.shape[-1], device=ids.device)  # (T,)
        position_embeddings = self.position_embedding(positions)  # (T, C)

        # 3. Input embeddings: the sum of both; all texts have the same positions.
        input_embeddings = token_embeddings + position_embeddings  # (*B, T, C)
        return input_embeddings


def check_ids(
    ids: Integer[Tensor, "..."], vocab_size: int, context_length: int
) -> None:
    """Check that ids are integers of shape (…, T), each of them in the vocabulary.

    Their values are read on the CPU only, and not while compiling: elsewhere the host
    would have to wait for the device, whose look-up checks them anyway.

    >>> check_ids(torch.tensor([0, -1]), vocab_size=3, context_length=4)
    Traceback (most recent call last):
    ValueError: ids must lie in 0..2, got -1
    """
    if not isinstance(ids, Tensor):
        kind = type(ids).__name__
        raise TypeError(f"ids must be an array of this backend, got {kind}")
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        dtype = str(ids.dtype).removeprefix("torch.")
        raise TypeError(f"ids must be integers, got {dtype}")
    if ids.ndim == 0:
        raise ValueError(f"ids must have shape (…, T), got {tuple(ids.shape)}")
    if ids.shape[-1] > context_length:
        limit = f"context_length = {context_length}"
        raise ValueError(f"at most {limit} tokens fit, got {ids.shape[-1]}")
    if ids.device.type == "cpu" and not torch.compiler.is_compiling():
        ids = ids.long()  # unsigned ids of 16 bits or more cannot be compared
        outside = ids[(ids < 0) | (ids >= vocab_size)]
        if len(outside):
            raise ValueError(f"ids must lie in 0..{vocab_size - 1}, got {outside[0]}")
