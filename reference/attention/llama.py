"""Llama's attention: grouped queries, rotated by position, and a cache; no bias.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2 (rotary
        embeddings at each layer); grouped queries and cache as in cached attention.
Twin:   torch_impl/attention/llama.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.cached import cut_out, in_groups
from reference.attention.key_value_cache import KeyValueCache, check_append
from reference.attention.scaled_dot_product import ScaledDotProductAttention
from reference.module import Module, check_input, check_multiple, check_sizes
from reference.positions.rotary import RotaryEmbedding
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class LlamaAttention(Module):
    """Causal grouped-query attention whose queries and keys turn by their position.

    Keys are rotated before they go into the cache, so each is rotated once. A token's
    position is the number of tokens of its text before it. `pairing` names the two
    channels of a pair, as in RotaryEmbedding: "halves" is that of parameters in Hugging
    Face's layout, "neighbours" that of Meta's and of GGUF files.

    The second chunk averages its own value, 6, with 2 and 4 of the first.

    >>> attention = LlamaAttention(2, num_heads=1, num_kv_heads=1)
    >>> attention.W_query.weight[...] = 0.0
    >>> attention.W_value.weight[...] = attention.out_proj.weight[...] = np.eye(2)
    >>> cache = attention.make_cache(batch_size=1, capacity=3)
    >>> attention(np.array([[[2.0, 1.0], [4.0, 3.0]]]), cache).tolist()
    [[[2.0, 1.0], [3.0, 2.0]]]
    >>> attention(np.array([[[6.0, 5.0]]]), cache).tolist()
    [[[4.0, 3.0]]]
    """

    def __init__(
        self,
        emb_dim: int,
        num_heads: int,
        num_kv_heads: int,
        theta: float = 10_000.0,
        pairing: str = "halves",
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(emb_dim=emb_dim)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(emb_dim=emb_dim, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        rng = rng or np.random.default_rng()
        self.emb_dim, self.head_dim = emb_dim, emb_dim // num_heads
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = Linear(emb_dim, emb_dim, bias=False, rng=rng)
        self.W_key = Linear(emb_dim, d_kv, bias=False, rng=rng)
        self.W_value = Linear(emb_dim, d_kv, bias=False, rng=rng)
        self.rotate = RotaryEmbedding(self.head_dim, theta, pairing)
        self.attend = ScaledDotProductAttention()
        self.out_proj = Linear(emb_dim, emb_dim, bias=False, rng=rng)

    def make_cache(self, batch_size: int, capacity: int) -> KeyValueCache:
        """Make an empty cache with room for `capacity` tokens in each text."""
        sizes = batch_size, self.num_kv_heads, capacity, self.head_dim
        return KeyValueCache(*sizes, dtype=self.W_key.weight.dtype)

    def forward(
        self,
        x: Float[np.ndarray, "B T C"],
        cache: KeyValueCache | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "B T C"]:
        """Attend to what is in the cache and to the chunk itself, and append the chunk.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.emb_dim)
        if x.ndim != 3:
            raise ValueError(f"x must have shape (B, T, C), got {x.shape}")
        batch_size, n_tokens = x.shape[:-1]
        if cache is None:
            cache = self.make_cache(batch_size, n_tokens)

        # 1. Projections: every new token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (B, T, C)
        keys = self.W_key(x, tape)  # (B, T, G*D)
        values = self.W_value(x, tape)  # (B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_group = (*x.shape[:-1], self.num_kv_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (B, H, T, D)
        group_keys = keys.reshape(by_group).swapaxes(-3, -2)  # (B, G, T, D)
        group_values = values.reshape(by_group).swapaxes(-3, -2)  # (B, G, T, D)

        # 3. Positions: each new token goes on where its text ends.
        check_append(group_keys, cache.keys, cache.longest)
        positions = cache.lengths[:, None] + np.arange(n_tokens)  # (B, T)

        # 4. Rotation: queries and keys turn by their position, equal in all heads.
        places = positions[:, None, :]  # (B, 1, T)
        rotated_queries = self.rotate(head_queries, places, tape)  # (B, H, T, D)
        rotated_keys = self.rotate(group_keys, places, tape)  # (B, G, T, D)

        # 5. Cache: the new keys and values go behind those that their text has.
        n_before = cache.longest
        cache.append(rotated_keys, group_values)
        all_keys, all_values = cache.read()  # (B, G, S, D), (B, G, S, D)

        # 6. Groups: the queries of a key head's H/G heads stand below each other.
        group_queries = in_groups(rotated_queries, self.num_kv_heads)  # (B, G, R, D)

        # 7. Causal mask: a token sees those at its own position and before.
        causal_mask = np.arange(cache.longest) <= positions[:, None, :, None]
        group_size = self.num_heads // self.num_kv_heads
        group_mask = np.tile(causal_mask, (group_size, 1))  # (B, 1, R, S)

        # 8. Attention: values averaged by softmax(Q Kᵀ / √D) over what is not masked.
        seen = tape.snapshot(all_keys), tape.snapshot(all_values)
        group_context = self.attend(group_queries, *seen, group_mask, tape)
        head_context = group_context.reshape(head_queries.shape)  # (B, H, T, D)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(x.shape)  # (B, T, C)
        tape.save(self, context, positions=positions, n_before=n_before)

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (B, T, C)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "B T C"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "B T C"],
        Float[np.ndarray, "B G P D"],
        Float[np.ndarray, "B G P D"],
    ]:
        """Return the gradients of `x`, and of the keys and values that were there."""
        # 10. output = context @ out_proj.weight.T.
        grad_context = self.out_proj.backward(grad_output, tape)  # (B, T, C)
        saved = tape.restore(self, grad_context)

        # 9. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 7-8. group_context = softmax(group_queries all_keysᵀ / √D, masked) all_values.
        grad_group_context = in_groups(grad_head_context, self.num_kv_heads)
        grads = self.attend.backward(grad_group_context, tape)
        grad_group_queries, grad_all_keys, grad_all_values = grads

        # 6. group_queries = rotated_queries, reshaped: undo it.
        grad_rotated_queries = grad_group_queries.reshape(grad_head_context.shape)

        # 5. all_keys = those before, with rotated_keys at their positions: cut out.
        cut = saved.positions, saved.n_before
        grad_rotated_keys, grad_keys_before = cut_out(grad_all_keys, *cut)
        grad_group_values, grad_values_before = cut_out(grad_all_values, *cut)

        # 3-4. rotated_keys = R(position) group_keys: gradients turn the other way.
        grad_group_keys = self.rotate.backward(grad_rotated_keys, tape)
        grad_head_queries = self.rotate.backward(grad_rotated_queries, tape)

        # 2. head_queries = queries, reshaped and transposed: undo both.
        by_group = (*grad_context.shape[:-1], self.num_kv_heads * self.head_dim)
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(grad_context.shape)
        grad_keys = grad_group_keys.swapaxes(-3, -2).reshape(by_group)
        grad_values = grad_group_values.swapaxes(-3, -2).reshape(by_group)

        # 1. x went into all three projections: the three gradients add up.
        grad_x = self.W_value.backward(grad_values, tape)  # (B, T, C)
        grad_x = grad_x + self.W_key.backward(grad_keys, tape)
        grad_x = grad_x + self.W_query.backward(grad_queries, tape)
        return grad_x, grad_keys_before, grad_values_before
