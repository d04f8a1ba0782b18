"""Cross-attention: the tokens of one text attend to those of another, the memory.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3:
        encoder-decoder attention.
Twin:   reference/attention/cross.py
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from torch_impl.attention.scaled_dot_product import (
    ScaledDotProductAttention,
    check_mask,
)
from torch_impl.validation import check_input, check_multiple, check_sizes


class CrossAttention(nn.Module):
    """Heads whose queries are from `x`, and whose keys and values are from `memory`.

    There is no causal mask: a memory is known whole. What of it is padding, `mask`
    tells. A token that may attend to nothing gets the bias of the output projection.

    Differs from nn.MultiheadAttention, where True in a mask hides, and where such a
    token gives NaN.

    All queries are zero, so each token averages what it may attend to in the memory.

    >>> import torch
    >>> attention = CrossAttention(1, 1, 1, num_heads=1)
    >>> _ = nn.init.zeros_(attention.W_query.weight)
    >>> _ = nn.init.ones_(attention.W_value.weight)
    >>> _ = nn.init.ones_(attention.out_proj.weight)
    >>> _ = nn.init.zeros_(attention.out_proj.bias)
    >>> x, memory = torch.zeros(2, 1), torch.tensor([[2.0], [4.0], [9.0]])
    >>> mask = torch.tensor([[True, True, False], [True, True, True]])
    >>> attention(x, memory, mask).detach()
    tensor([[3.],
            [5.]])
    """

    def __init__(
        self,
        d_in: int,
        d_memory: int,
        d_out: int,
        num_heads: int,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(d_in=d_in, d_memory=d_memory, d_out=d_out, num_heads=num_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        self.d_in, self.d_memory = d_in, d_memory
        self.num_heads, self.head_dim = num_heads, d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_memory, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_memory, d_out, bias=qkv_bias)
        self.attend = ScaledDotProductAttention()
        self.out_proj = nn.Linear(d_out, d_out)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        memory: Float[Tensor, "*B S M"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Attend to the memory; `mask` broadcasts to (…, T, S), True = may attend.

        Raises:
            TypeError: a text is no tensor of floating-point numbers, or the mask is not
                Boolean.
            ValueError: shapes do not fit.
        """
        check_texts(x, memory, self.d_in, self.d_memory)
        shape = (*x.shape[:-1], memory.shape[-2])
        if mask is not None:
            check_mask(mask, shape)

        # 1. Projections: tokens become queries; those of the memory keys and values.
        queries = self.W_query(x)  # (*B, T, E)
        keys = self.W_key(memory)  # (*B, S, E)
        values = self.W_value(memory)  # (*B, S, E)

        # 2. Heads: each has D of the channels.
        split = (self.num_heads, self.head_dim)
        head_queries = queries.unflatten(-1, split).transpose(-3, -2)  # (*B, H, T, D)
        head_keys = keys.unflatten(-1, split).transpose(-3, -2)  # (*B, H, S, D)
        head_values = values.unflatten(-1, split).transpose(-3, -2)  # (*B, H, S, D)

        # 3. Attention: queries of the text see the memory, with one mask for all heads.
        head_mask = None  # as if every token may attend to the whole memory
        if mask is not None:
            head_mask = mask.expand(shape).unsqueeze(-3)  # (*B, 1, T, S)
        head_context = self.attend(
            head_queries, head_keys, head_values, head_mask
        )  # (*B, H, T, D)

        # 4. Joined heads: the context vectors of all heads side by side.
        context = head_context.transpose(-3, -2).flatten(-2)  # (*B, T, E)

        # 5. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context)  # (*B, T, E)
        return output


def check_texts(x: Tensor, memory: Tensor, d_in: int, d_memory: int) -> None:
    """Check that a text and a memory have their channels and equal leading axes."""
    check_input(x, d_in)
    if not isinstance(memory, Tensor):
        kind = type(memory).__name__
        raise TypeError(f"memory must be an array of this backend, got {kind}")
    if memory.dtype != x.dtype:
        own, other = (str(t.dtype).removeprefix("torch.") for t in (x, memory))
        raise TypeError(f"memory must have the dtype of x, {own}, got {other}")
    if memory.ndim < 2 or memory.shape[:-2] != x.shape[:-2]:
        rule = f"memory must have the leading axes of x, {tuple(x.shape[:-2])}"
        raise ValueError(f"{rule}, and two more, got {tuple(memory.shape)}")
    if memory.shape[-1] != d_memory:
        rule = f"memory must have d_memory = {d_memory} channels"
        raise ValueError(f"{rule}, got {memory.shape[-1]}")
