"""Cached attention: keys and values of earlier tokens are kept, not computed again.

Source: the groups are those of Ainslie et al. 2023, https://arxiv.org/abs/2305.13245,
        section 2.2; the cache of keys and values is that of Shazeer 2019,
        https://arxiv.org/abs/1911.02150.
Twin:   torch_impl/attention/cached.py
"""

import math

import numpy as np
from jaxtyping import Float, Int

from reference.attention.key_value_cache import KeyValueCache as KeyValueCache
from reference.module import Module, check_input, check_multiple, check_sizes
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class CachedAttention(Module):
    """Grouped-query attention of the next tokens of texts whose past is in a cache.

    The caller makes the cache and passes it to every call, which appends to it. A text
    gives the same in chunks of any sizes as whole. Without a cache, `x` is the whole.

    The second chunk averages its own value, 6, with 2 and 4 of the first.

    >>> attention = CachedAttention(1, 1, num_heads=1, num_kv_heads=1)
    >>> attention.W_query.weight[...], attention.W_value.weight[...] = 0.0, 1.0
    >>> attention.out_proj.weight[...], attention.out_proj.bias[...] = 1.0, 0.0
    >>> cache = attention.make_cache(batch_size=1, capacity=3)
    >>> attention(np.array([[[2.0], [4.0]]]), cache).tolist()
    [[[2.0], [3.0]]]
    >>> attention(np.array([[[6.0]]]), cache).tolist()
    [[[4.0]]]
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        num_heads: int,
        num_kv_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_out=d_out)
        check_sizes(num_heads=num_heads, num_kv_heads=num_kv_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        check_multiple(num_heads=num_heads, num_kv_heads=num_kv_heads)
        rng = rng or np.random.default_rng()
        self.d_in, self.head_dim = d_in, d_out // num_heads
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        d_kv = num_kv_heads * self.head_dim
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=rng)
        self.W_key = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.W_value = Linear(d_in, d_kv, qkv_bias, rng=rng)
        self.out_proj = Linear(d_out, d_out, rng=rng)

    def make_cache(self, batch_size: int, capacity: int) -> KeyValueCache:
        """Make an empty cache with room for `capacity` tokens in each text."""
        sizes = batch_size, self.num_kv_heads, capacity, self.head_dim
        return KeyValueCache(*sizes, dtype=self.W_key.weight.dtype)

    def forward(
        self,
        x: Float[np.ndarray, "B T C"],
        cache: KeyValueCache | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "B T E"]:
        """Attend to what is in the cache and to the chunk itself, and append the chunk.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.d_in)
        if x.ndim != 3:
            raise ValueError(f"x must have shape (B, T, C), got {x.shape}")
        batch_size, n_tokens = x.shape[:-1]
        if cache is None:
            cache = self.make_cache(batch_size, n_tokens)

        # 1. Projections: every new token becomes a query, a key and a value.
        queries = self.W_query(x, tape)  # (B, T, E)
        keys = self.W_key(x, tape)  # (B, T, G*D)
        values = self.W_value(x, tape)  # (B, T, G*D)

        # 2. Heads: H of queries, G of keys and values, each with D channels.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        by_group = (*x.shape[:-1], self.num_kv_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (B, H, T, D)
        group_keys = keys.reshape(by_group).swapaxes(-3, -2)  # (B, G, T, D)
        group_values = values.reshape(by_group).swapaxes(-3, -2)  # (B, G, T, D)

        # 3. Cache: the new keys and values go behind those that their text has.
        offsets, n_before = cache.lengths, cache.longest
        cache.append(group_keys, group_values)
        all_keys, all_values = cache.read()  # (B, G, S, D), (B, G, S, D)

        # 4. Groups: each key head and value head serves H/G query heads.
        # Their queries stand below each other, so that no key need be copied for them.
        group_queries = in_groups(head_queries, self.num_kv_heads)  # (B, G, R, D)

        # 5. Attention scores: every new query with every key, scaled by 1/√D.
        scale = 1 / math.sqrt(self.head_dim)
        group_scores = group_queries @ all_keys.mT * scale  # (B, G, R, S)
        by_slot = (*head_queries.shape[:-1], cache.longest)
        attn_scores = group_scores.reshape(by_slot)  # (B, H, T, S)

        # 6. Causal mask: new token t is at position offset + t, and sees 0..offset + t.
        positions = offsets[:, None] + np.arange(n_tokens)  # (B, T)
        causal_mask = np.arange(cache.longest) <= positions[:, None, :, None]
        masked_scores = np.where(causal_mask, attn_scores, -np.inf)  # (B, H, T, S)

        # 7. Softmax: attention weights that sum to one in every row.
        row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(masked_scores - row_max)
        attn_weights = exps / exps.sum(axis=-1, keepdims=True)  # (B, H, T, S)

        # 8. Context vectors: values averaged by their attention weights.
        group_context = in_groups(attn_weights, self.num_kv_heads) @ all_values
        head_context = group_context.reshape(head_queries.shape)  # (B, H, T, D)

        # 9. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(queries.shape)  # (B, T, E)
        tape.save(
            self,
            context,
            group_queries=group_queries,
            all_keys=tape.snapshot(all_keys),  # the next chunk may overwrite slots
            all_values=tape.snapshot(all_values),
            scale=scale,
            positions=positions,
            n_before=n_before,
            attn_weights=attn_weights,
        )

        # 10. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (B, T, E)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "B T E"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "B T C"],
        Float[np.ndarray, "B G P D"],
        Float[np.ndarray, "B G P D"],
    ]:
        """Return the gradients of `x`, and of the keys and values that were there."""
        # 10. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (B, T, E)
        saved = tape.restore(self, grad_context)

        # 9. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 8. group_context = group_weights @ all_values, a matrix product.
        grad_group_context = in_groups(grad_head_context, self.num_kv_heads)
        grad_group_weights = grad_group_context @ saved.all_values.mT  # (B, G, R, S)
        group_weights = in_groups(saved.attn_weights, self.num_kv_heads)
        grad_all_values = group_weights.mT @ grad_group_context  # (B, G, S, D)
        grad_attn_weights = grad_group_weights.reshape(saved.attn_weights.shape)

        # 7. Softmax: ds = w * (dw - Σ w dw), row by row.
        weighted = saved.attn_weights * grad_attn_weights  # (B, H, T, S)
        row_sum = weighted.sum(axis=-1, keepdims=True)  # (B, H, T, 1)
        grad_masked_scores = weighted - saved.attn_weights * row_sum

        # 6. A masked score = -inf has the weight zero, and so its gradient is zero.
        grad_attn_scores = grad_masked_scores  # (B, H, T, S)

        # 5. group_scores = group_queries @ all_keys.mT * scale, a matrix product.
        grad_group_scores = in_groups(grad_attn_scores, self.num_kv_heads)
        grad_group_queries = grad_group_scores @ saved.all_keys * saved.scale
        grad_all_keys = grad_group_scores.mT @ saved.group_queries * saved.scale

        # 4. group_queries = head_queries, reshaped; a key has its whole group's sum.
        grad_head_queries = grad_group_queries.reshape(grad_head_context.shape)

        # 3. all_keys = those before, with group_keys at their positions: cut out again.
        cut = saved.positions, saved.n_before
        grad_group_keys, grad_keys_before = cut_out(grad_all_keys, *cut)
        grad_group_values, grad_values_before = cut_out(grad_all_values, *cut)

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


def in_groups(
    per_head: Float[np.ndarray, "B H T K"], num_groups: int
) -> Float[np.ndarray, "B G R K"]:
    """Put the rows of the H/G heads of a group below each other: R = T H/G.

    >>> in_groups(np.array([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]), 2)[0, ..., 0]
    array([[1., 2.],
           [3., 4.]])
    """
    batch_size, n_heads, n_tokens, width = per_head.shape
    n_rows = n_heads // num_groups * n_tokens
    return per_head.reshape(batch_size, num_groups, n_rows, width)


def cut_out(
    slots: Float[np.ndarray, "B G S D"],
    positions: Int[np.ndarray, "B T"],
    n_before: int,
) -> tuple[Float[np.ndarray, "B G T D"], Float[np.ndarray, "B G P D"]]:
    """Take what is at some positions, and leave zeros there in the slots before."""
    at = positions[:, None, :, None]  # (B, 1, T, 1)
    taken = np.take_along_axis(slots, at, axis=2)  # (B, G, T, D)
    rest = slots.copy()
    np.put_along_axis(rest, at, 0, axis=2)
    return taken, rest[:, :, :n_before]
