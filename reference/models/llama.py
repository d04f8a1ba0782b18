"""Llama: a language model of blocks with rotary positions, grouped queries and SwiGLU.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2; the head
        shares its matrix with the embedding, as in SmolLM2 and Llama 3.2.
Twin:   torch_impl/models/llama.py
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.attention.key_value_cache import KeyValueCache
from reference.attention.llama import LlamaAttention
from reference.blocks.llama_block import LlamaBlock
from reference.module import Module, ModuleList, check_sizes
from reference.norms.rms_norm import RMSNorm
from reference.primitives.embedding import Embedding
from reference.tape import NO_TAPE, Tape


class Llama(Module):
    """Give every id of the vocabulary a score, a logit, for being the next token.

    The caller makes the caches, one a block, and passes them to every call; without
    them `ids` are the whole text. `backward` takes what was in them for constants.

    Without attention and feed-forward layer, a token's vector is its normed embedding,
    and it is most like itself: (1, -1) · (1, -1) = 2.

    >>> model = Llama(2, emb_dim=2, hidden_dim=2, n_layers=1, num_heads=1, eps=0.0)
    >>> model.blocks[0].attention.out_proj.weight[...] = 0.0
    >>> model.blocks[0].feed_forward.down_proj.weight[...] = 0.0
    >>> model.embedding.weight[...] = [[1.0, -1.0], [1.0, 1.0]]
    >>> model(np.array([[0, 1]])).tolist()
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
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(vocab_size=vocab_size, n_layers=n_layers)
        rng = rng or np.random.default_rng()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        sizes = emb_dim, hidden_dim, num_heads, num_kv_heads
        self.embedding = Embedding(vocab_size, emb_dim, rng=rng)
        self.embedding.weight *= 0.02  # the head is this table: logits begin small
        self.blocks = ModuleList(
            LlamaBlock(*sizes, theta, eps, pairing, rng=rng) for _ in range(n_layers)
        )
        self.norm = RMSNorm(emb_dim, eps)

    def make_caches(self, batch_size: int, capacity: int) -> list[KeyValueCache]:
        """Make an empty cache a block, with room for `capacity` tokens in each text."""
        attentions = (m for m in self.modules() if isinstance(m, LlamaAttention))
        return [each.make_cache(batch_size, capacity) for each in attentions]

    def forward(
        self,
        ids: Integer[np.ndarray, "B T"],
        caches: list[KeyValueCache] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "B T V"]:
        """Compute the logits of every token's successor, and append to the caches.

        Raises:
            IndexError: an id is not in the vocabulary.
            ValueError: there is not a cache for each block, or one does not fit.
        """
        # 1. Embedding: each id picks its vector.
        vectors = self.embedding(ids, tape)  # (B, T, C)

        # 2. Blocks: one after the other, each with its own cache.
        x, own = vectors, one_each(caches, len(self.blocks))
        for block, cache in zip(self.blocks, own, strict=True):
            x = block(x, cache, tape)

        # 3. Final norm: RMSNorm of what the last block gave.
        normed = self.norm(x, tape)  # (B, T, C)

        # 4. Logits: the vector of every token with the embedding of every id.
        logits = normed @ self.embedding.weight.T  # (B, T, V)
        tape.save(self, logits, normed=normed)
        return logits

    def backward(self, grad_logits: Float[np.ndarray, "B T V"], tape: Tape) -> None:
        """Add the gradients of all parameters to the tape; ids have none."""
        saved = tape.restore(self, grad_logits)

        # 4. logits = normed @ embedding.weight.T: the table is the head's matrix too.
        rows = saved.normed.reshape(-1, saved.normed.shape[-1])  # (N, C)
        grad_rows = grad_logits.reshape(-1, grad_logits.shape[-1])  # (N, V)
        tape.add_gradient(self.embedding.weight, grad_rows.T @ rows)
        grad_normed = grad_logits @ self.embedding.weight  # (B, T, C)

        # 3. normed = norm(x).
        grad_x = self.norm.backward(grad_normed, tape)  # (B, T, C)

        # 2. x = block(x) for each block: the last block goes first.
        grad_vectors = grad_x
        for block in reversed([*self.blocks]):
            grad_vectors = block.backward(grad_vectors, tape)

        # 1. vectors = embedding(ids).
        self.embedding.backward(grad_vectors, tape)


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
