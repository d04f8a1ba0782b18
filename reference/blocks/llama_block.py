"""A block of Llama: attention, then a feed-forward layer, each normed and added.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2.
Twin:   torch_impl/blocks/llama_block.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.key_value_cache import KeyValueCache
from reference.attention.llama import LlamaAttention
from reference.blocks.swiglu import SwiGLU
from reference.module import Module
from reference.norms.rms_norm import RMSNorm
from reference.tape import NO_TAPE, Tape


class LlamaBlock(Module):
    """`x + attention(norm(x))`, then the same with a feed-forward layer.

    The norm stands before each part, and what is added is not normed, so a block that
    gives zero leaves `x` as it is.

    >>> block = LlamaBlock(2, hidden_dim=3, num_heads=1, num_kv_heads=1)
    >>> block.attention.out_proj.weight[...] = 0.0
    >>> block.feed_forward.down_proj.weight[...] = 0.0
    >>> block(np.array([[[2.0, 1.0], [4.0, 3.0]]])).tolist()
    [[[2.0, 1.0], [4.0, 3.0]]]
    """

    def __init__(
        self,
        emb_dim: int,
        hidden_dim: int,
        num_heads: int,
        num_kv_heads: int,
        theta: float = 10_000.0,
        eps: float = 1e-5,
        pairing: str = "halves",
        *,
        rng: np.random.Generator | None = None,
    ):
        rng = rng or np.random.default_rng()
        heads = num_heads, num_kv_heads
        self.attention_norm = RMSNorm(emb_dim, eps)
        self.attention = LlamaAttention(emb_dim, *heads, theta, pairing, rng=rng)
        self.feed_forward_norm = RMSNorm(emb_dim, eps)
        self.feed_forward = SwiGLU(emb_dim, hidden_dim, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "B T C"],
        cache: KeyValueCache | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "B T C"]:
        """Let tokens look at each other, then at themselves; the cache is attention's.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        # 1. First norm: RMSNorm of every token.
        normed_x = self.attention_norm(x, tape)  # (B, T, C)

        # 2. Attention: every token takes from itself and those before.
        attended = self.attention(normed_x, cache, tape)  # (B, T, C)

        # 3. First shortcut: what was taken is added to what was there.
        with_context = x + attended  # (B, T, C)

        # 4. Second norm: RMSNorm of every token, again.
        normed_context = self.feed_forward_norm(with_context, tape)  # (B, T, C)

        # 5. Feed-forward: every token by itself.
        computed = self.feed_forward(normed_context, tape)  # (B, T, C)

        # 6. Second shortcut: what was computed is added to what was there.
        output = with_context + computed  # (B, T, C)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "B T C"], tape: Tape
    ) -> Float[np.ndarray, "B T C"]:
        """Return the gradient of `x`; what was in the cache counts as a constant."""
        # 6. output = with_context + computed: both get the gradient.
        grad_computed = grad_output

        # 5. computed = feed_forward(normed_context).
        grad_normed_context = self.feed_forward.backward(grad_computed, tape)

        # 4. normed_context = feed_forward_norm(with_context).
        through_norm = self.feed_forward_norm.backward(grad_normed_context, tape)
        grad_with_context = grad_output + through_norm  # (B, T, C)

        # 3. with_context = x + attended: both get the gradient.
        grad_attended = grad_with_context

        # 2. attended = attention(normed_x).
        grad_normed_x, _, _ = self.attention.backward(grad_attended, tape)

        # 1. normed_x = attention_norm(x).
        grad_x = grad_with_context + self.attention_norm.backward(grad_normed_x, tape)
        return grad_x
