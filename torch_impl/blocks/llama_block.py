"""A block of Llama: attention, then a feed-forward layer, each normed and added.

Source: Touvron et al. 2023, https://arxiv.org/abs/2302.13971, section 2.2.
Twin:   reference/blocks/llama_block.py
"""

from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.attention.key_value_cache import KeyValueCache
from torch_impl.attention.llama import LlamaAttention
from torch_impl.blocks.swiglu import SwiGLU
from torch_impl.norms.rms_norm import RMSNorm


class LlamaBlock(nn.Module):
    """`x + attention(norm(x))`, then the same with a feed-forward layer.

    The norm stands before each part, and what is added is not normed, so a block that
    gives zero leaves `x` as it is.

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
        self.attention_norm = RMSNorm(emb_dim, eps)
        self.attention = LlamaAttention(emb_dim, *heads, theta, pairing)
        self.feed_forward_norm = RMSNorm(emb_dim, eps)
        self.feed_forward = SwiGLU(emb_dim, hidden_dim)

    def forward(
        self, x: Float[Tensor, "B T C"], cache: KeyValueCache | None = None
    ) -> Float[Tensor, "B T C"]:
        """Let tokens look at each other, then at themselves; the cache is attention's.

        Raises:
            ValueError: the cache is of other texts, or has no room.
        """
        # 1. First norm: RMSNorm of every token.
        normed_x = self.attention_norm(x)  # (B, T, C)

        # 2. Attention: every token takes from itself and those before.
        attended = self.attention(normed_x, cache)  # (B, T, C)

        # 3. First shortcut: what was taken is added to what was there.
        with_context = x + attended  # (B, T, C)

        # 4. Second norm: RMSNorm of every token, again.
        normed_context = self.feed_forward_norm(with_context)  # (B, T, C)

        # 5. Feed-forward: every token by itself.
        computed = self.feed_forward(normed_context)  # (B, T, C)

        # 6. Second shortcut: what was computed is added to what was there.
        output = with_context + computed  # (B, T, C)
        return output
