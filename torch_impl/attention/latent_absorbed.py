"""Absorbed latent attention: queries attend to the latents themselves.

Source: DeepSeek-AI 2024, DeepSeek-V2, https://arxiv.org/abs/2405.04434, section 2.1.
Twin:   reference/attention/latent_absorbed.py
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


class AbsorbedLatentAttention(nn.Module):
    """Latent attention in another order: no key or value of a head is ever made.

    q · (W_k c) = (W_kᵀ q) · c: a query absorbs its head's map from latents to keys, and
    the map to values comes last. As in multi-query attention all heads share one key,
    [c; k_r], and one value, c. Parameters, scale and results are LatentAttention's.

    Queries of zero average; the norm of a latent of one number is its sign.

    >>> attention = AbsorbedLatentAttention(1, 1, 1, 1, 1, 1, 2, 1, eps=0.0)
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

        # 4. Heads: H of queries, and one of the latent and of the shared key.
        split = (self.num_heads, -1)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        to_turn = rotary_queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, R)
        shared_latent = latent.unsqueeze(-3)  # (*B, 1, T, L)
        shared_key = rotary_key.unsqueeze(-3)  # (*B, 1, T, R)

        # 5. Absorbed queries: each times its head's map from latent to keys.
        map_to_keys = self.W_key.weight.unflatten(0, split)  # (H, D, L)
        absorbed_queries = head_queries @ map_to_keys  # (*B, H, T, L)

        # 6. Rotation: the second part of queries, and the shared key, by position.
        places = None if positions is None else positions.unsqueeze(-2)
        turned_queries = self.rotate(to_turn, places)  # (*B, H, T, R)
        turned_key = self.rotate(shared_key, places)  # (*B, 1, T, R)

        # 7-10. Fused call: one key and one value for all heads, causal mask, softmax.
        latent_context = F.scaled_dot_product_attention(
            torch.cat([absorbed_queries, turned_queries], dim=-1),
            torch.cat([shared_latent, turned_key], dim=-1),
            shared_latent,
            is_causal=True,
            scale=self.score_factor / math.sqrt(self.head_dim + self.rotary_dim),
            enable_gqa=True,
        )  # (*B, H, T, L)

        # 11. Context vectors: averages times their head's map from latent to values.
        map_to_values = self.W_value.weight.unflatten(0, split)  # (H, V, L)
        head_context = latent_context @ map_to_values.mT  # (*B, H, T, V)

        # 12. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, H*V)

        # 13. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output
