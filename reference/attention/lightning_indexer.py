"""Lightning indexer: small heads score earlier tokens, and each query gets the k best.

Source: DeepSeek-AI 2025, DeepSeek-V3.2, https://arxiv.org/abs/2512.02556, equation 1;
        what is normalized and what turns are as in its published models.
Twin:   torch_impl/attention/lightning_indexer.py
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Bool, Float, Integer

from reference.module import Module, check_sizes
from reference.norms.layer_norm import LayerNorm
from reference.positions.rotary import RotaryEmbedding
from reference.primitives.linear import Linear


class LightningIndexer(Module):
    """Choose for each query the `top_k` tokens that score best, of those up to its own.

    Of equal scores the lowest position wins; ReLU makes many zeros. Fewer tokens than
    `top_k` are all chosen. A choice is no smooth function of what goes in: it has no
    gradient, so nothing is saved for one. The paper trains the indexer by a loss of its
    own, the divergence of its scores from the attention weights.

    The first `rotary_dim` channels of index queries and keys turn, and as halves, where
    those of latent attention turn as neighbours.

    Differs from DeepSeek's code, which scales the scores by 1/√(D H), and turns both
    sides of the products by a Hadamard matrix for the sake of 8 bits: neither changes a
    choice.

    All scores are zero, so the first two tokens win.

    >>> indexer = LightningIndexer(1, 1, num_index_heads=1, index_dim=2, top_k=2)
    >>> indexer.W_index_weights.weight[...] = 0.0
    >>> indexer(np.ones((3, 1)), np.ones((3, 1))).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 0]])
    """

    def __init__(
        self,
        d_in: int,
        query_rank: int,
        num_index_heads: int,
        index_dim: int,
        top_k: int,
        rotary_dim: int = 0,
        theta: float = 10_000.0,
        frequencies: Iterable[float] | None = None,
        eps: float = 1e-6,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(num_index_heads=num_index_heads, index_dim=index_dim, top_k=top_k)
        rng = rng or np.random.default_rng()
        self.num_index_heads, self.index_dim = num_index_heads, index_dim
        self.top_k = top_k
        d_queries = num_index_heads * index_dim
        self.W_index_query = Linear(query_rank, d_queries, False, rng=rng)
        self.W_index_key = Linear(d_in, index_dim, False, rng=rng)
        self.index_norm = LayerNorm(index_dim, eps)
        self.W_index_weights = Linear(d_in, num_index_heads, False, rng=rng)
        self.rotate = RotaryEmbedding(
            index_dim, theta, "halves", rotary_dim, frequencies=frequencies
        )

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        query_latent: Float[np.ndarray, "*B T Q"],
        positions: Integer[np.ndarray, "*P T"] | None = None,
    ) -> Bool[np.ndarray, "*B T T"]:
        """Return the mask of chosen tokens: True = may attend."""
        # 1. Index queries: those of small heads, made of the latent of queries.
        queries = self.W_index_query(query_latent)  # (*B, T, H*D)
        by_head = (*x.shape[:-1], self.num_index_heads, self.index_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)

        # 2. Index key: one of each token for all heads, normalized.
        key = self.index_norm(self.W_index_key(x))  # (*B, T, D)
        shared_key = key[..., None, :, :]  # (*B, 1, T, D)

        # 3. Index weights: how much each head of a query counts, which may be negative.
        weights = self.W_index_weights(x)  # (*B, T, H)
        head_weights = weights.mT[..., None]  # (*B, H, T, 1)

        # 4. Rotation: the first channels of index queries and keys, by position.
        places = None if positions is None else positions[..., None, :]
        turned_queries = self.rotate(head_queries, places)  # (*B, H, T, D)
        turned_key = self.rotate(shared_key, places)  # (*B, 1, T, D)

        # 5. Index scores: products above zero, weighted and summed over heads.
        products = turned_queries @ turned_key.mT  # (*B, H, T, T)
        activations = np.maximum(products, 0)  # (*B, H, T, T)
        index_scores = (activations * head_weights).sum(axis=-3)  # (*B, T, T)

        # 6. Causal mask: token t may choose of tokens 0..t; other scores become -inf.
        causal_mask = np.tri(x.shape[-2], dtype=bool)  # (T, T)
        masked_scores = np.where(causal_mask, index_scores, -np.inf)  # (*B, T, T)

        # 7. Top k: the best scores, of equal ones the lowest position; no later token.
        order = np.argsort(-masked_scores, axis=-1, kind="stable")
        chosen = np.zeros(masked_scores.shape, bool)  # (*B, T, T)
        np.put_along_axis(chosen, order[..., : self.top_k], True, axis=-1)
        mask = chosen & causal_mask  # (*B, T, T)
        return mask
