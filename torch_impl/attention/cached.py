"""Cached attention: keys and values of earlier tokens are kept, not computed again.

Source: the groups are those of Ainslie et al. 2023, https://arxiv.org/abs/2305.13245,
        section 2.2; the cache of keys and values is that of Shazeer 2019,
        https://arxiv.org/abs/1911.02150.
Twin:   reference/attention/cached.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.key_value_cache import KeyValueCache as KeyValueCache
from torch_impl.validation import check_input, check_multiple, check_sizes


class CachedAttention(nn.Module):
    """Grouped-query attention of the next tokens of texts whose past is in a cache.

    The caller makes the cache and passes it to every call, which appends to it. A text
    gives the same in chunks of any sizes as whole. Without a cache, `x` is the whole.

    Appending writes in place, so autograd goes back through the last call alone.

    The second chunk averages its own value, 6, with 2 and 4 of the first.

    >>> attention = CachedAttention(1, 1, num_heads=1, num_kv_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.ones_(attention.W_value.weight)
    >>> _ = nn.init.ones_(attention.out_proj.weight)
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> cache = attention.make_cache(batch_size=1, capacity=3)
    >>> with torch.no_grad():
    ...     attention(torch.tensor([[[2.0], [4.0]]]), cache).tolist()
    ...     attention(torch.tensor([[[6.0]]]), cache).tolist()
    [[[2.0], [3.0]]]
    [[[4.0]]]
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        num_kv_heads: int,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_out=d_out)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        self.d_in, self.head_dim = d_in, d_out // num_heads
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_kv, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)

    def make_cache(self, batch_size: int, capacity: int) -> KeyValueCache:
        """Make an empty cache with room for `capacity` tokens in each text."""
        sizes = batch_size, self.num_kv_heads, capacity, self.head_dim
        device, dtype = self.W_key.weight.device, self.W_key.weight.dtype
        is_possible = torch.amp.is_autocast_available(device.type)  # on meta it is not
        if is_possible and torch.is_autocast_enabled(device.type):  # as the keys' is
            dtype = torch.get_autocast_dtype(device.type)
        return KeyValueCache(*sizes, dtype=dtype, device=device)

    def forward(
        self, x: Float[Tensor, "B T C"], cache: KeyValueCache | None = None
    ) -> Float[Tensor, "B T E"]:
        """Attend to what is in the cache and to the chunk itself, and append the chunk.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.d_in)
        if x.ndim != 3:
            raise ValueError(f"x must have shape (B, T, C), got {tuple(x.shape)}")
        batch_size, n_tokens = x.shape[:-1]
        if cache is None:
            cache = self.make_cache(batch_size, n_tokens)

        # 1. Projections: every new token becomes a query, a key and a value.
        queries = self.W_query(x)  # (B, T, E)
        keys = self.W_key(x)  # (B, T, G*D)
        values = self.W_value(x)  # (B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (B, H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (B, G, T, D)

        # 3. Cache: the new keys and values go behind those that their text has.
        offsets = cache.lengths
        cache.append(group_keys, group_values)
        all_keys, all_values = cache.read()  # (B, G, S, D), (B, G, S, D)

        # 4-8. Fused call: groups, attention scores, causal mask, softmax, average.
        slots = torch.arange(cache.longest, device=x.device)
        positions = offsets.unsqueeze(-1) + slots[:n_tokens]  # (B, T)
        causal_mask = slots <= positions[:, None, :, None]
        head_context = F.scaled_dot_product_attention(
            head_queries, all_keys, all_values, attn_mask=causal_mask, enable_gqa=True
        )  # (B, H, T, D)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (B, T, E)

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (B, T, E)
        return output
