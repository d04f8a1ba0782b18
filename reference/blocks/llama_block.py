"""A block of Llama: attention, then feed-forward, each added to what it was given.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2.
Twin:   torch_impl/blocks/llama_block.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.key_value_cache import KeyValueCache
from reference.attention.llama import LlamaAttention
from reference.blocks.swiglu import SwiGLU
from reference.module import Module, check_input
from reference.norms.rms_norm import RMSNorm
from reference.tape import NO_TAPE, Tape


class LlamaBlock(Module):
    """The pre-norm block of Llama: RMSNorm, rotary grouped attention and SwiGLU.

    Differs from TransformerBlock in its parts, and in that nothing is dropped.

    Attention and feed-forward that give zero leave `x` as it is: both are added.

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
        self.emb_dim = emb_dim
        self.norm1 = RMSNorm(emb_dim, eps)
        self.attention = LlamaAttention(emb_dim, *heads, theta, pairing, rng=rng)
        self.norm2 = RMSNorm(emb_dim, eps)
        self.feed_forward = SwiGLU(emb_dim, hidden_dim, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "B T C"],
        cache: KeyValueCache | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "B T C"]:
        """Compute h = x + attention(norm1(x)), and h + feed_forward(norm2(h)).

        The cache is attention's: it has the keys and values of earlier tokens.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.emb_dim)

        # 1. First norm: attention gets normalized vectors, the shortcut x as it is.
        attention_input = self.norm1(x, tape)  # (B, T, C)

        # 2. Attention: every token attends to itself and to earlier ones.
        attended = self.attention(attention_input, cache, tape)  # (B, T, C)

        # 3. First shortcut: x plus what attention adds.
        after_attention = x + attended  # (B, T, C)

        # 4. Second norm: feed-forward gets that sum, normalized.
        feed_forward_input = self.norm2(after_attention, tape)  # (B, T, C)

        # 5. Feed-forward: every token by itself.
        transformed = self.feed_forward(feed_forward_input, tape)  # (B, T, C)

        # 6. Second shortcut: the sum plus what feed-forward adds.
        output = after_attention + transformed  # (B, T, C)
        tape.save(self, output)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "B T C"], tape: Tape
    ) -> Float[np.ndarray, "B T C"]:
        """Return the gradient of `x`; what was in the cache counts as a constant."""
        tape.restore(self, grad_output)

        # 6. output = after_attention + transformed: both get the gradient.
        grad_transformed = grad_output

        # 5. transformed = feed_forward(feed_forward_input).
        grad_feed_forward_input = self.feed_forward.backward(grad_transformed, tape)

        # 4. after_attention went into norm and shortcut: the two gradients add up.
        grad_after_attention = self.norm2.backward(grad_feed_forward_input, tape)
        grad_after_attention = grad_after_attention + grad_output

        # 3. after_attention = x + attended: both get the gradient.
        grad_attended = grad_after_attention

        # 2. attended = attention(attention_input).
        grad_attention_input, _, _ = self.attention.backward(grad_attended, tape)

        # 1. x went into norm and shortcut: the two gradients add up.
        grad_x = self.norm1.backward(grad_attention_input, tape)
        grad_x = grad_x + grad_after_attention
        return grad_x
