"""Sparse attention: each query attends to the k tokens that a lightning indexer chose.

Source: DeepSeek-AI 2025, DeepSeek-V3.2, https://arxiv.org/abs/2512.02556: equation 1
        and what follows it; latent attention: https://arxiv.org/abs/2405.04434,
        section 2.1.
Twin:   reference/attention/sparse.py
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.attention.lightning_indexer import LightningIndexer as LightningIndexer
from torch_impl.attention.scaled_dot_product import ScaledDotProductAttention
from torch_impl.norms.rms_norm import RMSNorm
from torch_impl.positions.rotary import RotaryEmbedding, check_positions
from torch_impl.validation import check_input, check_positive, check_sizes


class SparseAttention(nn.Module):
    """Latent attention to the `top_k` best tokens, of those up to the query's own.

    The indexer has its own small heads; it reads the latent of queries, and its choice
    is one for all heads of attention. A cache would hold its key of `index_dim` beside
    the latent. With `top_k` as large as the text this is LatentAttention, whose
    parameters it has, those of the indexer aside.

    A choice is constant but where it jumps, so gradients flow through the attention to
    the chosen tokens alone, and those of the indexer's parameters are zero.

    A gather would read k tokens a query, and is what makes it fast; here the choice is
    a mask over all of them, with the same result.

    Queries of zero average what was chosen: the third of three tokens scores 3 with the
    first and with itself, 0 with the second, whose value of -8 it does not see.

    >>> sizes = {"num_index_heads": 1, "index_dim": 2, "top_k": 2}
    >>> attention = SparseAttention(
    ...     1, 1, 1, 1, 1, 1, 2, 1, **sizes, frequencies=[0.0], eps=0.0
    ... )
    >>> for parameter in attention.parameters():
    ...     _ = nn.init.ones_(parameter)
    >>> indexer = attention.indexer
    >>> for zero in (attention.W_query.weight, attention.W_query_rotary.weight):
    ...     _ = nn.init.zeros_(zero)
    >>> for zero in (attention.out_proj.bias, indexer.index_norm.bias):
    ...     _ = nn.init.zeros_(zero)
    >>> _ = nn.init.constant_(attention.W_value.weight, 8.0)
    >>> indexer.W_index_key.weight.data = torch.tensor([[1.0], [-1.0]])
    >>> indexer.W_index_query.weight.data = torch.tensor([[1.0], [0.0]])
    >>> attention(torch.tensor([[2.0], [-5.0], [3.0]])).tolist()
    [[8.0], [0.0], [8.0]]
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        query_rank: int,
        latent_rank: int,
        head_dim: int,
        rotary_dim: int,
        value_dim: int,
        num_index_heads: int,
        index_dim: int,
        top_k: int,
        theta: float = 10_000.0,
        frequencies: Iterable[float] | None = None,
        score_factor: float = 1.0,
        eps: float = 1e-6,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out, num_heads=num_heads, query_rank=query_rank)
        check_sizes(latent_rank=latent_rank, head_dim=head_dim, rotary_dim=rotary_dim)
        check_sizes(value_dim=value_dim)
        check_positive(score_factor=score_factor)
        given = None if frequencies is None else tuple(frequencies)
        self.d_in, self.num_heads, self.score_factor = d_in, num_heads, score_factor
        self.W_query_down = nn.Linear(d_in, query_rank, bias=False)
        self.query_norm = RMSNorm(query_rank, eps)
        self.W_query = nn.Linear(query_rank, num_heads * head_dim, bias=False)
        self.W_query_rotary = nn.Linear(query_rank, num_heads * rotary_dim, bias=False)
        self.W_latent = nn.Linear(d_in, latent_rank, bias=False)
        self.latent_norm = RMSNorm(latent_rank, eps)
        self.W_key = nn.Linear(latent_rank, num_heads * head_dim, bias=False)
        self.W_value = nn.Linear(latent_rank, num_heads * value_dim, bias=False)
        self.W_key_rotary = nn.Linear(d_in, rotary_dim, bias=False)
        self.rotate = RotaryEmbedding(
            rotary_dim, theta, "neighbours", frequencies=given
        )
        self.indexer = LightningIndexer(
            *(d_in, query_rank, num_index_heads, index_dim, top_k),
            *(rotary_dim, theta, given, eps),
        )
        self.attend = ScaledDotProductAttention()
        self.out_proj = nn.Linear(num_heads * value_dim, d_out)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Attend to chosen tokens; positions are 0, 1, 2, … unless they are given."""
        check_input(x, self.d_in)
        check_positions(positions, tuple(x.shape[:-1]))

        # 1. Query latent: every token is compressed, and normalized.
        query_latent = self.query_norm(self.W_query_down(x))  # (*B, T, Q)

        # 2. Chosen tokens: one mask for all heads, from which no gradient comes back.
        mask = self.indexer(x, query_latent, positions)  # (*B, T, T)

        # 3. Queries: a part for the content, and one that will turn.
        queries = self.W_query(query_latent)  # (*B, T, H*D)
        rotary_queries = self.W_query_rotary(query_latent)  # (*B, T, H*R)

        # 4. Latent: keys and values of all heads are made of it; one key is shared.
        latent = self.latent_norm(self.W_latent(x))  # (*B, T, L)
        keys = self.W_key(latent)  # (*B, T, H*D)
        values = self.W_value(latent)  # (*B, T, H*V)
        rotary_key = self.W_key_rotary(x)  # (*B, T, R)

        # 5. Heads: H of queries, keys and values, and one of the shared key.
        split = (self.num_heads, -1)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        head_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        head_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, V)
        to_turn = rotary_queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, R)
        shared_key = rotary_key.unsqueeze(-3)  # (*B, 1, T, R)

        # 6. Rotation: the second part of queries, and the shared key, by position.
        places = None if positions is None else positions.unsqueeze(-2)
        turned_queries = self.rotate(to_turn, places)  # (*B, H, T, R)
        turned_key = self.rotate(shared_key, places)  # (*B, 1, T, R)

        # 7. Joined parts: side by side, so that their products add up in one score.
        of_heads = turned_key.expand_as(turned_queries)  # (*B, H, T, R)
        both_queries = torch.cat([head_queries, turned_queries], dim=-1)
        both_keys = torch.cat([head_keys, of_heads], dim=-1)  # (*B, H, T, D+R)
        scaled_queries = both_queries * self.score_factor  # (*B, H, T, D+R)

        # 8. Attention: to what the mask lets through, scaled by 1/√(D+R).
        head_mask = mask.unsqueeze(-3)  # (*B, 1, T, T)
        head_context = self.attend(
            scaled_queries, both_keys, head_values, head_mask
        )  # (*B, H, T, V)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, H*V)

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
