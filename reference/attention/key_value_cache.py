"""A cache of keys and values: what was computed for earlier tokens of texts.

Source: Shazeer 2019, https://arxiv.org/abs/1911.02150: incremental generation.
Twin:   torch_impl/attention/key_value_cache.py
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from reference.module import Array, check_sizes


class KeyValueCache:
    """Keys and values of texts so far, in slots of a fixed number: slot s, position s.

    `lengths` says how many tokens each text has, which may differ; `longest` is the
    largest of them. What is in the slots behind the length of a text is not its own:
    a query attends to positions up to its own, and never to these.

    Two texts of two tokens; then the second is cut to one, and both go on.

    >>> cache = KeyValueCache(2, num_kv_heads=1, capacity=4, head_dim=1)
    >>> keys = np.array([[1.0, 2.0], [5.0, 6.0]]).reshape(2, 1, 2, 1)
    >>> cache.append(keys, np.ones_like(keys))
    >>> cache.truncate(np.array([2, 1]))
    >>> keys = np.array([3.0, 7.0]).reshape(2, 1, 1, 1)
    >>> cache.append(keys, np.ones_like(keys))
    >>> keys, values = cache.read()
    >>> keys[:, 0, :, 0].tolist(), cache.lengths.tolist()
    ([[1.0, 2.0, 3.0], [5.0, 7.0, 0.0]], [3, 2])
    """

    def __init__(
        self,
        batch_size: int,
        num_kv_heads: int,
        capacity: int,
        head_dim: int,
        dtype: Any = np.float64,
    ):
        check_sizes(num_kv_heads=num_kv_heads, head_dim=head_dim)
        self.keys = np.zeros((batch_size, num_kv_heads, capacity, head_dim), dtype)
        self.values = np.zeros_like(self.keys)
        self.lengths = np.zeros(batch_size, np.int64)
        self.longest = 0

    def append(
        self, keys: Float[np.ndarray, "B G T D"], values: Float[np.ndarray, "B G T D"]
    ) -> None:
        """Write the keys and values of the next tokens of every text, in place."""
        check_append(keys, self.keys, self.longest)
        n_tokens = keys.shape[2]
        positions = self.lengths[:, None] + np.arange(n_tokens)  # (B, T)
        texts = np.arange(len(keys))[:, None]  # (B, 1)
        self.keys[texts, :, positions] = keys.swapaxes(1, 2)
        self.values[texts, :, positions] = values.swapaxes(1, 2)
        self.lengths = self.lengths + n_tokens
        self.longest += n_tokens

    def read(
        self,
    ) -> tuple[Float[np.ndarray, "B G S D"], Float[np.ndarray, "B G S D"]]:
        """Return keys and values up to the longest text, as views."""
        return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]

    def truncate(self, lengths: Int[np.ndarray, " B"] | int) -> None:
        """Keep the first tokens of every text: so many of each, or of all equally many.

        So drafts that were not accepted are taken back, and padding behind a prompt.

        Raises:
            ValueError: a text has fewer tokens than it should keep.
        """
        lengths = np.broadcast_to(lengths, self.lengths.shape).astype(np.int64)
        if (lengths < 0).any() or (lengths > self.lengths).any():
            rule = f"texts have {self.lengths.tolist()} tokens"
            raise ValueError(f"{rule}, and cannot keep {lengths.tolist()}")
        self.lengths = lengths
        self.longest = int(lengths.max(initial=0))

    def reorder(self, texts: Int[np.ndarray, " N"]) -> None:
        """Let text i be a copy of what is now text `texts[i]`, as beam search does."""
        self.keys, self.values = self.keys[texts], self.values[texts]
        self.lengths = self.lengths[texts]
        self.longest = int(self.lengths.max(initial=0))


def check_append(keys: Array, slots: Array, longest: int) -> None:
    """Check that keys are of the cache's texts, heads and dtype, and that they fit."""
    sizes = tuple(n for axis, n in enumerate(keys.shape) if axis != 2)
    own = tuple(n for axis, n in enumerate(slots.shape) if axis != 2)
    if sizes != own:
        rule = "texts, heads and channels must be those of the cache"
        raise ValueError(f"{rule}, {own}, got {sizes}")
    if keys.dtype != slots.dtype:
        rule = f"keys must have the dtype of the cache, {slots.dtype}"
        raise TypeError(f"{rule}, got {keys.dtype}")
    if longest + keys.shape[2] > slots.shape[2]:
        rule = f"the cache has room for {slots.shape[2]} tokens, of which {longest}"
        raise ValueError(f"{rule} are used, got {keys.shape[2]}")
