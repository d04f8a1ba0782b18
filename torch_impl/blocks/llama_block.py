"""A block of Llama: attention, then feed-forward, each added to what it was given.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2.
Twin:   reference/blocks/llama_block.py
"""

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.key_value_cache import KeyValueCache
from torch_impl.attention.llama import LlamaAttention
from torch_impl.blocks.swiglu import SwiGLU
from torch_impl.norms.rms_norm import RMSNorm
from torch_impl.validation import check_input


class LlamaBlock(nn.Module):
    """The pre-norm block of Llama: RMSNorm, rotary grouped attention and SwiGLU.

    Differs from TransformerBlock in its parts, and in that nothing is dropped.

    Attention and feed-forward that give zero leave `x` as it is: both are added.

    >>> import torch
    >>> block = LlamaBlock(2, hidden_dim=3, num_heads=1, num_kv_heads=1)
    >>> _ = nn.init.zeros_(block.attention.out_proj.weight)
    >>> _ = nn.init.zeros_(block.feed_forward.down_proj.weight)
    >>> block(torch.tensor([[[2.0, 1.0], [4.0, 3.0]]])).tolist()
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
    ):
        super().__init__()
        heads = num_heads, num_kv_heads
        self.emb_dim = emb_dim
        self.norm1 = RMSNorm(emb_dim, eps)
        self.attention = LlamaAttention(emb_dim, *heads, theta, pairing)
        self.norm2 = RMSNorm(emb_dim, eps)
        self.feed_forward = SwiGLU(emb_dim, hidden_dim)

    def forward(
        self, x: Float[Tensor, "B T C"], cache: KeyValueCache | None = None
    ) -> Float[Tensor, "B T C"]:
        """Compute h = x + attention(norm1(x)), and h + feed_forward(norm2(h)).

        The cache is attention's: it has the keys and values of earlier tokens.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        check_input(x, self.emb_dim)

        # 1. First norm: attention gets normalized vectors, the shortcut x as it is.
        attention_input = self.norm1(x)  # (B, T, C)

        # 2. Attention: every token attends to itself and to earlier ones.
        attended = self.attention(attention_input, cache)  # (B, T, C)

        # 3. First shortcut: x plus what attention adds.
        after_attention = x + attended  # (B, T, C)

        # 4. Second norm: feed-forward gets that sum, normalized.
        feed_forward_input = self.norm2(after_attention)  # (B, T, C)

        # 5. Feed-forward: every token by itself.
        transformed = self.feed_forward(feed_forward_input)  # (B, T, C)

        # 6. Second shortcut: the sum plus what feed-forward adds.
        output = after_attention + transformed  # (B, T, C)
        return output
