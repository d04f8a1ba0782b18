"""A cache of keys and values: what was computed for earlier tokens of texts.

Source: Shazeer 2019, https://arxiv.org/abs/1911.02150: incremental generation.
Twin:   reference/attention/key_value_cache.py
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from torch_impl.validation import check_sizes


class KeyValueCache:
    """Keys and values of texts so far, in slots of a fixed number: slot s, position s.

    `lengths` says how many tokens each text has, which may differ; `longest` is the
    largest of them. What is in the slots behind the length of a text is not its own:
    a query attends to positions up to its own, and never to these.

    `longest` is an integer of Python, so that appending and reading never wait for the
    device; only `truncate` and `reorder` ask it for lengths.

    Two texts of two tokens; then the second is cut to one, and both go on.

    >>> cache = KeyValueCache(2, num_kv_heads=1, capacity=4, head_dim=1)
    >>> keys = torch.tensor([[1.0, 2.0], [5.0, 6.0]]).reshape(2, 1, 2, 1)
    >>> cache.append(keys, torch.ones_like(keys))
    >>> cache.truncate(torch.tensor([2, 1]))
    >>> keys = torch.tensor([3.0, 7.0]).reshape(2, 1, 1, 1)
    >>> cache.append(keys, torch.ones_like(keys))
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
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
    ):
        check_sizes(num_kv_heads=num_kv_heads, head_dim=head_dim)
        sizes = batch_size, num_kv_heads, capacity, head_dim
        self.keys = torch.zeros(sizes, dtype=dtype, device=device)
        self.values = torch.zeros_like(self.keys)
        self.lengths = torch.zeros(batch_size, dtype=torch.int64, device=device)
        self.longest = 0

    def append(
        self, keys: Float[Tensor, "B G T D"], values: Float[Tensor, "B G T D"]
    ) -> None:
        """Write the keys and values of the next tokens of every text, in place."""
        check_append(keys, self.keys, self.longest)
        n_tokens = keys.shape[2]
        steps = torch.arange(n_tokens, device=keys.device)
        positions = self.lengths.unsqueeze(-1) + steps  # (B, T)
        texts = torch.arange(len(keys), device=keys.device).unsqueeze(-1)  # (B, 1)
        self.keys[texts, :, positions] = keys.transpose(1, 2)
        self.values[texts, :, positions] = values.transpose(1, 2)
        self.lengths = self.lengths + n_tokens
        self.longest += n_tokens

    def read(self) -> tuple[Float[Tensor, "B G S D"], Float[Tensor, "B G S D"]]:
        """Return keys and values up to the longest text, as views."""
        return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]

    def truncate(self, lengths: Int[Tensor, " B"] | int) -> None:
        """Keep the first tokens of every text: so many of each, or of all equally many.

        So drafts that were not accepted are taken back, and padding behind a prompt.

        Raises:
            ValueError: a text has fewer tokens than it should keep.
        """
        lengths = torch.as_tensor(lengths, device=self.lengths.device)
        lengths = lengths.to(torch.int64).expand_as(self.lengths).clone()
        if ((lengths < 0) | (lengths > self.lengths)).any():
            rule = f"texts have {self.lengths.tolist()} tokens"
            raise ValueError(f"{rule}, and cannot keep {lengths.tolist()}")
        self.lengths = lengths
        self.longest = max(lengths.tolist(), default=0)

    def reorder(self, texts: Int[Tensor, " N"]) -> None:
        """Let text i be a copy of what is now text `texts[i]`, as beam search does."""
        self.keys, self.values = self.keys[texts], self.values[texts]
        self.lengths = self.lengths[texts]
        self.longest = max(self.lengths.tolist(), default=0)


def check_append(keys: Tensor, slots: Tensor, longest: int) -> None:
    """Check that keys are of the cache's texts, heads and dtype, and that they fit."""
    sizes = tuple(n for axis, n in enumerate(keys.shape) if axis != 2)
    own = tuple(n for axis, n in enumerate(slots.shape) if axis != 2)
    if sizes != own:
        rule = "texts, heads and channels must be those of the cache"
        raise ValueError(f"{rule}, {own}, got {sizes}")
    if keys.dtype != slots.dtype:
        known, got = (str(t.dtype).removeprefix("torch.") for t in (slots, keys))
        raise TypeError(f"keys must have the dtype of the cache, {known}, got {got}")
    if longest + keys.shape[2] > slots.shape[2]:
        rule = f"the cache has room for {slots.shape[2]} tokens, of which {longest}"
        raise ValueError(f"{rule} are used, got {keys.shape[2]}")
