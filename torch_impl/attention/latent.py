"""Latent attention: keys and values of all heads are made of one short vector.

Source: DeepSeek-AI 2024, DeepSeek-V2, https://arxiv.org/abs/2405.04434, section 2.1;
        the norms of both latents are those of its published models.
Twin:   reference/attention/latent.py
"""

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.norms.rms_norm import RMSNorm
from torch_impl.positions.rotary import RotaryEmbedding, check_positions
from torch_impl.validation import check_input, check_positive, check_sizes


class LatentAttention(nn.Module):
    """Causal heads whose keys and values are linear maps of a latent of each token.

    A cache would hold the latent, `latent_rank` numbers, and one key of `rotary_dim`
    that all heads share. A rotation cannot pass through the map from latent to keys, so
    this key alone is turned by the position, and beside it a part of each query. What a
    head scores is the sum of both products.

    `scale` is score_factor / √(head_dim + rotary_dim). With YaRN, `frequencies` and
    `score_factor` are those that RotaryScaling returns. Neighbouring channels turn
    together, as in DeepSeek's checkpoints.

    Differs from DeepSeek's code, in which several projections are one matrix.

    Queries of zero average; the norm of a latent of one number is its sign.

    >>> attention = LatentAttention(1, 1, 1, 1, 1, 1, 2, 1, eps=0.0)
    >>> for each in (attention.W_latent, attention.out_proj):
    ...     _ = nn.init.ones_(each.weight)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.zeros_(attention.W_query_rotary.weight)
    >>> _ = nn.init.constant_(attention.W_value.weight, 8.0)
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> attention(torch.tensor([[2.0], [-5.0]])).tolist()
    [[8.0], [0.0]]
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
        self.d_in, self.num_heads = d_in, num_heads
        self.head_dim, self.rotary_dim, self.value_dim = head_dim, rotary_dim, value_dim
        self.score_factor = score_factor
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
            rotary_dim, theta, "neighbours", frequencies=frequencies
        )
        self.out_proj = nn.Linear(num_heads * value_dim, d_out)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Attend to earlier tokens; positions are 0, 1, 2, … unless they are given."""
        check_input(x, self.d_in)
        check_positions(positions, tuple(x.shape[:-1]))

        # 1. Query latent: every token is compressed, and normalized.
        query_latent = self.query_norm(self.W_query_down(x))  # (*B, T, Q)

        # 2. Queries: a part for the content, and one that will turn.
        queries = self.W_query(query_latent)  # (*B, T, H*D)
        rotary_queries = self.W_query_rotary(query_latent)  # (*B, T, H*R)

        # 3. Latent: all that a cache would hold, and a key that all heads share.
        latent = self.latent_norm(self.W_latent(x))  # (*B, T, L)
        rotary_key = self.W_key_rotary(x)  # (*B, T, R)

        # 4. Keys and values: those of all heads are made of the latent.
        keys = self.W_key(latent)  # (*B, T, H*D)
        values = self.W_value(latent)  # (*B, T, H*V)

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

        # 7-10. Fused call: both parts side by side, causal mask, softmax, average.
        of_heads = turned_key.expand_as(turned_queries)  # (*B, H, T, R)
        head_context = F.scaled_dot_product_attention(
            torch.cat([head_queries, turned_queries], dim=-1),
            torch.cat([head_keys, of_heads], dim=-1),
            head_values,
            is_causal=True,
            scale=self.score_factor / math.sqrt(self.head_dim + self.rotary_dim),
        )  # (*B, H, T, V)

        # 11. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, H*V)

        # 12. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
