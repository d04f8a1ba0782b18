"""Transformer block: attention, then feed-forward, each added to what it was given.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners":
        norms before attention and before feed-forward, not after them;
        Raschka, *Build a Large Language Model (From Scratch)*, section 4.5.
Twin:   reference/blocks/transformer_block.py
"""

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.multi_head import MultiHeadAttention
from torch_impl.blocks.feed_forward import FeedForward
from torch_impl.norms.layer_norm import LayerNorm
from torch_impl.validation import check_input, check_multiple, check_sizes


class TransformerBlock(nn.Module):
    """The block of GPT-2: pre-norm, with 4 · `emb_dim` hidden channels.

    `dropout` is that of the attention weights, and of what is added to the shortcuts.

    Attention and feed-forward give their biases alone here: both are added.

    >>> import torch
    >>> block = TransformerBlock(2, num_heads=1, context_length=1, dropout=0.0)
    >>> for layer in (block.attention.out_proj, block.feed_forward.down_proj):
    ...     _ = nn.init.zeros_(layer.weight)
    >>> _ = block.attention.out_proj.bias.data.copy_(torch.tensor([10.0, 20.0]))
    >>> _ = block.feed_forward.down_proj.bias.data.copy_(torch.tensor([100.0, 200.0]))
    >>> block(torch.tensor([[1.0, 2.0]])).detach()
    tensor([[111., 222.]])
    """

    def __init__(
        self,
        emb_dim: int,
        num_heads: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(emb_dim=emb_dim, num_heads=num_heads)
        check_multiple(emb_dim=emb_dim, num_heads=num_heads)
        self.emb_dim, self.context_length = emb_dim, context_length
        self.norm1 = LayerNorm(emb_dim)
        self.attention = MultiHeadAttention(
            emb_dim, emb_dim, context_length, dropout, num_heads, qkv_bias
        )
        self.norm2 = LayerNorm(emb_dim)
        self.feed_forward = FeedForward(emb_dim, 4 * emb_dim)
        self.drop_shortcut = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "*B T C"]) -> Float[Tensor, "*B T C"]:
        """Compute h = x + attention(norm1(x)), and h + feed_forward(norm2(h))."""
        check_input(x, self.emb_dim, self.context_length)

        # 1. First norm: attention gets normalized vectors, the shortcut x as it is.
        attention_input = self.norm1(x)  # (*B, T, C)

        # 2. Attention: every token attends to itself and to earlier ones.
        attended = self.attention(attention_input)  # (*B, T, C)

        # 3. First shortcut: x plus what attention adds, after dropout.
        after_attention = x + self.drop_shortcut(attended)  # (*B, T, C)

        # 4. Second norm: feed-forward gets that sum, normalized.
        feed_forward_input = self.norm2(after_attention)  # (*B, T, C)

        # 5. Feed-forward: every token by itself.
        transformed = self.feed_forward(feed_forward_input)  # (*B, T, C)

        # 6. Second shortcut: the sum plus what feed-forward adds, after dropout.
        output = after_attention + self.drop_shortcut(transformed)  # (*B, T, C)
        return output
