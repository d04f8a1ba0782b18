"""Llama: a language model of blocks with rotary positions, grouped queries and SwiGLU.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2; the head
        shares its matrix with the embedding, as in SmolLM2 and Llama 3.2.
Twin:   reference/models/llama.py
"""

import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.attention.key_value_cache import KeyValueCache
from torch_impl.attention.llama import LlamaAttention
from torch_impl.blocks.llama_block import LlamaBlock
from torch_impl.norms.rms_norm import RMSNorm
from torch_impl.validation import check_sizes


class Llama(nn.Module):
    """Give every id of the vocabulary a score, a logit, for being the next token.

    The caller makes the caches, one a block, and passes them to every call; without
    them `ids` are the whole text. Autograd goes back through the last call alone.

    Without attention and feed-forward layer, a token's vector is its normed embedding,
    and it is most like itself: (1, -1) · (1, -1) = 2.

    >>> import torch
    >>> model = Llama(2, emb_dim=2, hidden_dim=2, n_layers=1, num_heads=1, eps=0.0)
    >>> _ = nn.init.zeros_(model.blocks[0].attention.out_proj.weight)
    >>> _ = nn.init.zeros_(model.blocks[0].feed_forward.down_proj.weight)
    >>> _ = model.embedding.weight.data.copy_(torch.tensor([[1.0, -1.0], [1.0, 1.0]]))
    >>> model(torch.tensor([[0, 1]])).tolist()
    [[[2.0, 0.0], [0.0, 2.0]]]
    """

    def __init__(
        self,
        vocab_size: int,
        emb_dim: int,
        hidden_dim: int,
        n_layers: int,
        num_heads: int,
        num_kv_heads: int | None = None,
        theta: float = 10_000.0,
        eps: float = 1e-5,
        pairing: str = "halves",
    ):
        super().__init__()
        check_sizes(vocab_size=vocab_size, n_layers=n_layers)
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        sizes = emb_dim, hidden_dim, num_heads, num_kv_heads
        self.embedding = nn.Embedding(vocab_size, emb_dim)
        nn.init.normal_(self.embedding.weight, std=0.02)  # the head is this table
        self.blocks = nn.ModuleList(
            LlamaBlock(*sizes, theta, eps, pairing) for _ in range(n_layers)
        )
        self.norm = RMSNorm(emb_dim, eps)

    def make_caches(self, batch_size: int, capacity: int) -> list[KeyValueCache]:
        """Make an empty cache a block, with room for `capacity` tokens in each text."""
        attentions = (m for m in self.modules() if isinstance(m, LlamaAttention))
        return [each.make_cache(batch_size, capacity) for each in attentions]

    def forward(
        self, ids: Integer[Tensor, "B T"], caches: list[KeyValueCache] | None = None
    ) -> Float[Tensor, "B T V"]:
        """Compute the logits of every token's successor, and append to the caches.

        Raises:
            IndexError: an id is not in the vocabulary.
            ValueError: there is not a cache for each block, or one does not fit.
        """
        # 1. Embedding: each id picks its vector.
        vectors = self.embedding(ids)  # (B, T, C)

        # 2. Blocks: one after the other, each with its own cache.
        x, own = vectors, one_each(caches, len(self.blocks))
        for block, cache in zip(self.blocks, own, strict=True):
            x = block(x, cache)

        # 3. Final norm: RMSNorm of what the last block gave.
        normed = self.norm(x)  # (B, T, C)

        # 4. Logits: the vector of every token with the embedding of every id.
        logits = F.linear(normed, self.embedding.weight)  # (B, T, V)
        return logits


def one_each(
    caches: list[KeyValueCache] | None, n_layers: int
) -> list[KeyValueCache] | list[None]:
    """Check that there is a cache for each block, or none at all.

    >>> one_each(None, 2)
    [None, None]
    """
    if caches is None:
        return [None] * n_layers
    if len(caches) != n_layers:
        raise ValueError(f"there must be {n_layers} caches, got {len(caches)}")
    return caches
