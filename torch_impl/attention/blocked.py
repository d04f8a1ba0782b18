"""Blocked attention: softmax over one block of keys at a time, never over all scores.

Source: Dao et al. 2022, FlashAttention, https://arxiv.org/abs/2205.14135; the online
        softmax: Milakov and Gimelshein 2018, https://arxiv.org/abs/1805.02867.
Twin:   reference/attention/blocked.py
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from torch_impl.attention.partial_results import merge as merge
from torch_impl.attention.scaled_dot_product import check_attention
from torch_impl.validation import check_sizes


class BlockedAttention(nn.Module):
    """Scaled dot-product attention whose memory grows with T + S, not with T · S.

    Blocks of any sizes give the same. With `is_causal` the queries are the last T of S
    tokens, and see no later key; differs from PyTorch's fused call, whose `is_causal`
    counts from the first key.

    `forward` leaves blocks to PyTorch, whose kernels have sizes of their own for every
    device, but take only inputs of shape (B, H, T, D). They keep the log-sum-exp for
    themselves; so `log_sum_exp` computes it, in blocks of the given sizes.

    A query of zero averages 2 and 4; both exponentials are 1, so the logarithm of the
    sum is 0.69.

    >>> attend = BlockedAttention(query_block=1, key_block=1)
    >>> queries, keys = torch.zeros(1, 1), torch.zeros(2, 1)
    >>> attend(queries, keys, values=torch.tensor([[2.0], [4.0]]))
    tensor([[3.]])
    >>> attend.log_sum_exp(queries, keys)
    tensor([0.6931])
    """

    def __init__(
        self,
        is_causal: bool = False,
        query_block: int = 256,
        key_block: int = 512,
        scale: float | None = None,
    ):
        super().__init__()
        check_sizes(query_block=query_block, key_block=key_block)
        self.is_causal, self.scale = is_causal, scale
        self.query_block, self.key_block = query_block, key_block

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B S D"],
        values: Float[Tensor, "*B S E"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Average values; `mask` broadcasts to (…, T, S), True = may attend."""
        check_attention(queries, keys, values, mask)
        n_queries, n_keys = queries.shape[-2], keys.shape[-2]
        needs_mask = self.is_causal and (mask is not None or n_queries != n_keys)
        if needs_mask:
            causal = causal_mask(n_queries, n_keys, queries.device)
            mask = causal if mask is None else mask & causal

        # 1-3. Fused call: online softmax, log-sum-exp and context vectors, in blocks.
        context = F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=mask,
            is_causal=self.is_causal and not needs_mask,
            scale=self.scale,
        )  # (*B, T, E)
        return context

    def log_sum_exp(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B S D"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T"]:
        """Return the log-sum-exp of each query's scores, -inf where it sees no key."""
        check_attention(queries, keys, keys, mask)
        n_queries, n_keys = queries.shape[-2], keys.shape[-2]
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        seen = queries.new_ones((), dtype=torch.bool) if mask is None else mask
        seen = seen.expand(*queries.shape[:-1], n_keys)
        positions = torch.arange(n_keys, device=queries.device)
        last_seen = positions.new_full((n_queries,), n_keys)
        if self.is_causal:
            last_seen = torch.arange(n_queries, device=queries.device)
            last_seen = last_seen + n_keys - n_queries

        of_rows = []
        for row in range(0, max(n_queries, 1), self.query_block):
            rows, of_blocks = slice(row, row + self.query_block), []
            for column in range(0, max(n_keys, 1), self.key_block):
                columns = slice(column, column + self.key_block)
                scores = queries[..., rows, :] * scale @ keys[..., columns, :].mT
                visible = seen[..., rows, columns]
                visible = visible & (positions[columns] <= last_seen[rows, None])
                scores = scores.masked_fill(~visible, -torch.inf)
                of_blocks.append(scores.logsumexp(dim=-1))
            of_rows.append(torch.stack(of_blocks).logsumexp(dim=0))
        return torch.cat(of_rows, dim=-1)


def causal_mask(
    n_queries: int, n_keys: int, device: torch.device
) -> Bool[Tensor, "T S"]:
    """Let the last query see all keys, and each earlier one a key less."""
    mask = torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    return mask.tril(n_keys - n_queries)
