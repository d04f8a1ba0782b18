"""Sliding-window attention: a query attends to the last W keys, its own included.

Source: Beltagy et al. 2020, https://arxiv.org/abs/2004.05150; the ring of W slots:
        Jiang et al. 2023, https://arxiv.org/abs/2310.06825: rolling buffer cache.
Twin:   torch_impl/attention/sliding_window.py
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from reference.attention.scaled_dot_product import (
    ScaledDotProductAttention,
    check_attention,
)
from reference.module import Module, check_sizes
from reference.tape import NO_TAPE, Tape


class SlidingWindowAttention(Module):
    """Scaled dot-product attention to the W keys that end at the query's own position.

    The queries are the last T of S tokens, so the last one stands with the last key.

    Differs from flash-attention and ONNX, whose `left` is the number of keys before the
    query's own, W - 1; and from x-transformers, where W + 1 keys are seen.

    All queries are zero: each averages the values in its window of two.

    >>> attend = SlidingWindowAttention(window=2)
    >>> queries, keys = np.zeros((3, 1)), np.zeros((3, 1))
    >>> attend(queries, keys, np.array([[2.0], [4.0], [8.0]]))
    array([[2.],
           [3.],
           [6.]])
    """

    def __init__(self, window: int, scale: float | None = None):
        check_sizes(window=window)
        self.window = window
        self.attend = ScaledDotProductAttention(scale)

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B S D"],
        values: Float[np.ndarray, "*B S E"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Average values within the window; what `mask` hides there is hidden too.

        Raises:
            TypeError: something is no array of floating-point numbers, or the mask is
                not Boolean.
            ValueError: shapes do not fit.
        """
        check_attention(queries, keys, values, mask)
        n_queries, n_keys = queries.shape[-2], keys.shape[-2]

        # 1. Window: keys at the query's own position and at the W - 1 before it.
        # The queries are the last T of S tokens.
        key_positions = np.arange(n_keys)  # (S,)
        query_positions = np.arange(n_keys - n_queries, n_keys)[:, None]  # (T, 1)
        causal_mask = key_positions <= query_positions  # (T, S)
        window_mask = causal_mask & (key_positions > query_positions - self.window)
        may_attend = window_mask if mask is None else window_mask & mask

        # 2. Attention: scores, softmax and context vectors of what is left.
        context = self.attend(queries, keys, values, may_attend, tape)  # (*B, T, E)
        return context

    def backward(
        self, grad_context: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> tuple[
        Float[np.ndarray, "*B T D"],
        Float[np.ndarray, "*B S D"],
        Float[np.ndarray, "*B S E"],
    ]:
        """Return the gradients of queries, keys and values."""
        # 2. context = attend(queries, keys, values, may_attend).
        grad_queries, grad_keys, grad_values = self.attend.backward(grad_context, tape)

        # 1. may_attend = booleans that depend on no number: they have no gradient.
        return grad_queries, grad_keys, grad_values


class RingCache:
    """The keys and values of the last W tokens, in W slots: position p in slot p % W.

    The caller makes it and passes every chunk through it. It gives back, in the order
    of positions, the W - 1 tokens before the chunk and the chunk. Over these
    `SlidingWindowAttention` gives what it gives over all tokens: no query sees more.

    After three tokens a ring of two slots holds positions 1 and 2, in slots 1 and 0.

    >>> ring = RingCache(window=2)
    >>> chunk = np.array([[2.0], [4.0], [8.0]])
    >>> keys, values = ring.append(chunk, chunk)
    >>> ring.keys.ravel().tolist(), ring.length
    ([8.0, 4.0], 3)
    >>> keys, values = ring.append(np.array([[9.0]]), np.array([[9.0]]))
    >>> keys.ravel().tolist()
    [8.0, 9.0]
    """

    def __init__(self, window: int):
        check_sizes(window=window)
        self.window, self.length, self.oldest = window, 0, 0
        self.keys = self.values = np.zeros((0, 0))

    def append(
        self, keys: Float[np.ndarray, "*B T D"], values: Float[np.ndarray, "*B T E"]
    ) -> tuple[Float[np.ndarray, "*B S D"], Float[np.ndarray, "*B S E"]]:
        """Return what is held and the chunk behind it, and hold the last W of them.

        Raises:
            ValueError: the chunk is of other texts, heads or channels.
        """
        if self.length == 0:
            self.keys, self.values = (
                np.zeros((*each.shape[:-2], self.window, each.shape[-1]), each.dtype)
                for each in (keys, values)
            )
        for chunk, slots in ((keys, self.keys), (values, self.values)):
            check_chunk((*chunk.shape[:-2], chunk.shape[-1]), slots.shape)
        n_tokens, n_held = keys.shape[-2], min(self.length, self.window - 1)

        # 1. Order: the last W - 1 positions, the oldest first, each from its slot.
        held = self.slots(self.length - n_held, self.length)
        held_keys = self.keys[..., held, :]
        held_values = self.values[..., held, :]

        # 2. Read: what is held and the whole chunk, before anything is overwritten.
        all_keys = np.concatenate([held_keys, keys], axis=-2)
        all_values = np.concatenate([held_values, values], axis=-2)

        # 3. Write: the last W tokens of the chunk, each over one W positions older.
        n_written = min(n_tokens, self.window)
        self.length += n_tokens
        self.oldest = max(self.oldest, self.length - self.window)
        written = self.slots(self.length - n_written, self.length)
        self.keys[..., written, :] = keys[..., n_tokens - n_written :, :]
        self.values[..., written, :] = values[..., n_tokens - n_written :, :]
        return all_keys, all_values

    def slots(self, first: int, end: int) -> Int[np.ndarray, " N"]:
        """Return the slots of some positions."""
        return np.arange(first, end) % self.window

    def truncate(self, length: int) -> None:
        """Keep the first tokens, as long as what comes before them is still held.

        Raises:
            ValueError: there are not so many, or the window before is overwritten.
        """
        earliest = self.oldest + self.window - 1 if self.oldest else 0
        if not earliest <= length <= self.length:
            rule = f"the ring can be cut to {earliest} up to {self.length} tokens"
            raise ValueError(f"{rule}, got {length}")
        self.length = length

    def reorder(self, texts: Int[np.ndarray, " N"]) -> None:
        """Let text i be a copy of what is now text `texts[i]`, as beam search does."""
        self.keys, self.values = self.keys[texts], self.values[texts]


def check_chunk(sizes: tuple[int, ...], slots: tuple[int, ...]) -> None:
    """Check that a chunk is of the texts, heads and channels of the ring."""
    own = (*slots[:-2], slots[-1])
    if sizes != own:
        rule = "texts, heads and channels must be those of the ring"
        raise ValueError(f"{rule}, {own}, got {sizes}")
