"""Transformer block: attention, then feed-forward, each added to what it was given.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners":
        norms before attention and before feed-forward, not after them;
        Raschka, *Build a Large Language Model (From Scratch)*, section 4.5.
Twin:   torch_impl/blocks/transformer_block.py
"""

import numpy as np
from jaxtyping import Float

from reference.attention.multi_head import MultiHeadAttention
from reference.blocks.feed_forward import FeedForward
from reference.module import Module, check_input, check_multiple, check_sizes
from reference.norms.layer_norm import LayerNorm
from reference.primitives.dropout import Dropout
from reference.tape import NO_TAPE, Tape


class TransformerBlock(Module):
    """The block of GPT-2: pre-norm, with 4 · `emb_dim` hidden channels.

    `dropout` is that of the attention weights, and of what is added to the shortcuts.

    Attention and feed-forward give their biases alone here: both are added.

    >>> block = TransformerBlock(2, num_heads=1, context_length=1, dropout=0.0)
    >>> for layer in (block.attention.out_proj, block.feed_forward.down_proj):
    ...     layer.weight[...] = 0.0
    >>> block.attention.out_proj.bias[...] = 10.0, 20.0
    >>> block.feed_forward.down_proj.bias[...] = 100.0, 200.0
    >>> block(np.array([[1.0, 2.0]]))
    array([[111., 222.]])
    """

    def __init__(
        self,
        emb_dim: int,
        num_heads: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(emb_dim=emb_dim, num_heads=num_heads)
        check_multiple(emb_dim=emb_dim, num_heads=num_heads)
        rng = rng or np.random.default_rng()
        self.emb_dim, self.context_length = emb_dim, context_length
        self.norm1 = LayerNorm(emb_dim)
        self.attention = MultiHeadAttention(
            emb_dim, emb_dim, context_length, dropout, num_heads, qkv_bias, rng=rng
        )
        self.norm2 = LayerNorm(emb_dim)
        self.feed_forward = FeedForward(emb_dim, 4 * emb_dim, rng=rng)
        self.drop_shortcut = Dropout(dropout, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Compute h = x + attention(norm1(x)), and h + feed_forward(norm2(h))."""
        check_input(x, self.emb_dim, self.context_length)

        # 1. First norm: attention gets normalized vectors, the shortcut x as it is.
        attention_input = self.norm1(x, tape)  # (*B, T, C)

        # 2. Attention: every token attends to itself and to earlier ones.
        attended = self.attention(attention_input, tape)  # (*B, T, C)

        # 3. First shortcut: x plus what attention adds, after dropout.
        after_attention = x + self.drop_shortcut(attended, tape)  # (*B, T, C)

        # 4. Second norm: feed-forward gets that sum, normalized.
        feed_forward_input = self.norm2(after_attention, tape)  # (*B, T, C)

        # 5. Feed-forward: every token by itself.
        transformed = self.feed_forward(feed_forward_input, tape)  # (*B, T, C)

        # 6. Second shortcut: the sum plus what feed-forward adds, after dropout.
        output = after_attention + self.drop_shortcut(transformed, tape)  # (*B, T, C)
        tape.save(self, output)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: each shortcut passes its own on, unchanged."""
        tape.restore(self, grad_output)

        # 6. output = after_attention + drop(transformed).
        grad_transformed = self.drop_shortcut.backward(grad_output, tape)

        # 5. transformed = feed_forward(feed_forward_input).
        grad_feed_forward_input = self.feed_forward.backward(grad_transformed, tape)

        # 4. after_attention went into norm and shortcut: the two gradients add up.
        grad_after_attention = self.norm2.backward(grad_feed_forward_input, tape)
        grad_after_attention = grad_after_attention + grad_output

        # 3. after_attention = x + drop(attended).
        grad_attended = self.drop_shortcut.backward(grad_after_attention, tape)

        # 2. attended = attention(attention_input).
        grad_attention_input = self.attention.backward(grad_attended, tape)

        # 1. x went into norm and shortcut: the two gradients add up.
        grad_x = self.norm1.backward(grad_attention_input, tape)
        grad_x = grad_x + grad_after_attention
        return grad_x
