"""Llama's attention: grouped queries, rotated by position, and a cache; no bias.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2 (rotary
        embeddings at each layer); grouped queries and cache as in cached attention.
Twin:   reference/attention/llama.py
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.key_value_cache import KeyValueCache, check_append
from torch_impl.attention.scaled_dot_product import ScaledDotProductAttention
from torch_impl.positions.rotary import RotaryEmbedding
from torch_impl.validation import check_input, check_multiple, check_sizes


class LlamaAttention(nn.Module):
    """Causal grouped-query attention whose queries and keys turn by their position.

    Keys are rotated before they go into the cache, so each is rotated once. A token's
    position is the number of tokens of its text before it. `pairing` names the two
    channels of a pair, as in RotaryEmbedding: "halves" is that of parameters in Hugging
    Face's layout, "neighbours" that of Meta's and of GGUF files.

    Appending writes in place, so autograd goes back through the last call alone.

    The second chunk averages its own value, 6, with 2 and 4 of the first.

    >>> attention = LlamaAttention(2, num_heads=1, num_kv_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.eye_(attention.W_value.weight)
    >>> _ = nn.init.eye_(attention.out_proj.weight)
    >>> cache = attention.make_cache(batch_size=1, capacity=3)
    >>> with torch.no_grad():
    ...     attention(torch.tensor([[[2.0, 1.0], [4.0, 3.0]]]), cache).tolist()
    ...     attention(torch.tensor([[[6.0, 5.0]]]), cache).tolist()
    [[[2.0, 1.0], [3.0, 2.0]]]
    [[[4.0, 3.0]]]
    """

    def __init__(
        self,
        emb_dim: int,
        num_heads: int,
        num_kv_heads: int,
        theta: float = 10_000.0,
        pairing: str = "halves",
    ):
        super().__init__()
        check_sizes(emb_dim=emb_dim)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(emb_dim=emb_dim, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        self.emb_dim, self.head_dim = emb_dim, emb_dim // num_heads
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = nn.Linear(emb_dim, emb_dim, bias=False)
        self.W_key = nn.Linear(emb_dim, d_kv, bias=False)
        self.W_value = nn.Linear(emb_dim, d_kv, bias=False)
        self.rotate = RotaryEmbedding(self.head_dim, theta, pairing)
        self.attend = ScaledDotProductAttention()
        self.out_proj = nn.Linear(emb_dim, emb_dim, bias=False)

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
    ) -> Float[Tensor, "B T C"]:
        """Attend to what is in the cache and to the chunk itself, and append the chunk.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.emb_dim)
        if x.ndim != 3:
            raise ValueError(f"x must have shape (B, T, C), got {tuple(x.shape)}")
        batch_size, n_tokens = x.shape[:-1]
        if cache is None:
            cache = self.make_cache(batch_size, n_tokens)

        # 1. Projections: every new token becomes a query, a key and a value.
        queries = self.W_query(x)  # (B, T, C)
        keys = self.W_key(x)  # (B, T, G*D)
        values = self.W_value(x)  # (B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        split = (-1, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (B, H, T, D)
        group_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (B, G, T, D)
        group_values = values.unflatten(-1, split).transpose(-3, -2)  # (B, G, T, D)

        # 3. Positions: each new token goes on where its text ends.
        check_append(group_keys, cache.keys, cache.longest)
        new_tokens = torch.arange(n_tokens, device=x.device)
        positions = cache.lengths.unsqueeze(-1) + new_tokens  # (B, T)

        # 4. Rotation: queries and keys turn by their position, equal in all heads.
        places = positions.unsqueeze(-2)  # (B, 1, T)
        rotated_queries = self.rotate(head_queries, places)  # (B, H, T, D)
        rotated_keys = self.rotate(group_keys, places)  # (B, G, T, D)

        # 5. Cache: the new keys and values go behind those that their text has.
        cache.append(rotated_keys, group_values)
        all_keys, all_values = cache.read()  # (B, G, S, D), (B, G, S, D)

        # 6. Groups: the queries of a key head's H/G heads stand below each other.
        in_groups = (self.num_kv_heads, -1)
        group_queries = rotated_queries.unflatten(1, in_groups).flatten(2, 3)

        # 7. Causal mask: a token sees those at its own position and before.
        slots = torch.arange(cache.longest, device=x.device)
        causal_mask = slots <= positions[:, None, :, None]
        group_size = self.num_heads // self.num_kv_heads
        group_mask = causal_mask.repeat(1, 1, group_size, 1)  # (B, 1, R, S)

        # 8. Attention: values averaged by softmax(Q Kᵀ / √D) over what is not masked.
        group_context = self.attend(group_queries, all_keys, all_values, group_mask)
        head_context = group_context.reshape(head_queries.shape)  # (B, H, T, D)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (B, T, C)

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (B, T, C)
        return output
