"""Lightning indexer: small heads score earlier tokens, and each query gets the k best.

Source: DeepSeek-AI 2025, DeepSeek-V3.2, https://arxiv.org/abs/2512.02556, equation 1;
        what is normalized and what turns are as in its published models.
Twin:   reference/attention/lightning_indexer.py
"""

from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor, nn

from torch_impl.norms.layer_norm import LayerNorm
from torch_impl.positions.rotary import RotaryEmbedding
from torch_impl.validation import check_sizes


class LightningIndexer(nn.Module):
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
    >>> _ = nn.init.zeros_(indexer.W_index_weights.weight)
    >>> indexer(torch.ones(3, 1), torch.ones(3, 1)).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [1, 1, 0]], dtype=torch.int32)
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
    ):
        super().__init__()
        check_sizes(num_index_heads=num_index_heads, index_dim=index_dim, top_k=top_k)
        self.num_index_heads, self.index_dim = num_index_heads, index_dim
        self.top_k = top_k
        d_queries = num_index_heads * index_dim
        self.W_index_query = nn.Linear(query_rank, d_queries, bias=False)
        self.W_index_key = nn.Linear(d_in, index_dim, bias=False)
        self.index_norm = LayerNorm(index_dim, eps)
        self.W_index_weights = nn.Linear(d_in, num_index_heads, bias=False)
        self.rotate = RotaryEmbedding(
            index_dim, theta, "halves", rotary_dim, frequencies=frequencies
        )

    @torch.no_grad()
    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        query_latent: Float[Tensor, "*B T Q"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Bool[Tensor, "*B T T"]:
        """Return the mask of chosen tokens: True = may attend."""
        # 1. Index queries: those of small heads, made of the latent of queries.
        queries = self.W_index_query(query_latent)  # (*B, T, H*D)
        split = (self.num_index_heads, self.index_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)

        # 2. Index key: one of each token for all heads, normalized.
        key = self.index_norm(self.W_index_key(x))  # (*B, T, D)
        shared_key = key.unsqueeze(-3)  # (*B, 1, T, D)

        # 3. Index weights: how much each head of a query counts, which may be negative.
        weights = self.W_index_weights(x)  # (*B, T, H)
        head_weights = weights.mT.unsqueeze(-1)  # (*B, H, T, 1)

        # 4. Rotation: the first channels of index queries and keys, by position.
        places = None if positions is None else positions.unsqueeze(-2)
        turned_queries = self.rotate(head_queries, places)  # (*B, H, T, D)
        turned_key = self.rotate(shared_key, places)  # (*B, 1, T, D)

        # 5. Index scores: products above zero, weighted and summed over heads.
        products = turned_queries @ turned_key.mT  # (*B, H, T, T)
        index_scores = (products.relu() * head_weights).sum(dim=-3)  # (*B, T, T)

        # 6. Causal mask: token t may choose of tokens 0..t; other scores become -inf.
        n_tokens = x.shape[-2]
        ones = torch.ones(n_tokens, n_tokens, dtype=torch.bool, device=x.device)
        causal_mask = ones.tril()  # (T, T)
        masked_scores = index_scores.masked_fill(~causal_mask, -torch.inf)

        # 7. Top k: the best scores, of equal ones the lowest position; no later token.
        # `topk` promises no order of equal scores; a stable sort does.
        best = masked_scores.argsort(dim=-1, descending=True, stable=True)
        none = torch.zeros_like(best, dtype=torch.bool)  # (*B, T, T)
        chosen = none.scatter(-1, best[..., : self.top_k], True)  # (*B, T, T)
        mask = chosen & causal_mask  # (*B, T, T)
        return mask
