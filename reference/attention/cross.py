"""Cross-attention: the tokens of one text attend to those of another, the memory.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.3:
        encoder-decoder attention.
Twin:   torch_impl/attention/cross.py
"""

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.scaled_dot_product import (
    ScaledDotProductAttention,
    check_mask,
)
from reference.module import Array, Module, check_input, check_multiple, check_sizes
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class CrossAttention(Module):
    """Heads whose queries are from `x`, and whose keys and values are from `memory`.

    There is no causal mask: a memory is known whole. What of it is padding, `mask`
    tells. A token that may attend to nothing gets the bias of the output projection.

    Differs from nn.MultiheadAttention, where True in a mask hides, and where such a
    token gives NaN.

    All queries are zero, so each token averages what it may attend to in the memory.

    >>> attention = CrossAttention(1, 1, 1, num_heads=1)
    >>> attention.W_query.weight[...], attention.W_value.weight[...] = 0.0, 1.0
    >>> attention.out_proj.weight[...], attention.out_proj.bias[...] = 1.0, 0.0
    >>> x, memory = np.zeros((2, 1)), np.array([[2.0], [4.0], [9.0]])
    >>> attention(x, memory, np.array([[True, True, False], [True, True, True]]))
    array([[3.],
           [5.]])
    """

    def __init__(
        self,
        d_in: int,
        d_memory: int,
        d_out: int,
        num_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, d_memory=d_memory, d_out=d_out, num_heads=num_heads)
        check_multiple(d_out=d_out, num_heads=num_heads)
        rng = rng or np.random.default_rng()
        self.d_in, self.d_memory = d_in, d_memory
        self.num_heads, self.head_dim = num_heads, d_out // num_heads
        self.W_query = Linear(d_in, d_out, qkv_bias, rng=rng)
        self.W_key = Linear(d_memory, d_out, qkv_bias, rng=rng)
        self.W_value = Linear(d_memory, d_out, qkv_bias, rng=rng)
        self.attend = ScaledDotProductAttention()
        self.out_proj = Linear(d_out, d_out, rng=rng)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        memory: Float[np.ndarray, "*B S M"],
        mask: Bool[np.ndarray, "..."] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T E"]:
        """Attend to the memory; `mask` broadcasts to (…, T, S), True = may attend.

        Raises:
            TypeError: a text is no array of floating-point numbers, or the mask is not
                Boolean.
            ValueError: shapes do not fit.
        """
        check_texts(x, memory, self.d_in, self.d_memory)
        shape = (*x.shape[:-1], memory.shape[-2])
        if mask is not None:
            check_mask(mask, shape)

        # 1. Projections: tokens become queries; those of the memory keys and values.
        queries = self.W_query(x, tape)  # (*B, T, E)
        keys = self.W_key(memory, tape)  # (*B, S, E)
        values = self.W_value(memory, tape)  # (*B, S, E)

        # 2. Heads: each has D of the channels.
        by_head = (*x.shape[:-1], self.num_heads, self.head_dim)
        of_memory = (*memory.shape[:-1], self.num_heads, self.head_dim)
        head_queries = queries.reshape(by_head).swapaxes(-3, -2)  # (*B, H, T, D)
        head_keys = keys.reshape(of_memory).swapaxes(-3, -2)  # (*B, H, S, D)
        head_values = values.reshape(of_memory).swapaxes(-3, -2)  # (*B, H, S, D)

        # 3. Attention: queries of the text see the memory, with one mask for all heads.
        head_mask = None  # as if every token may attend to the whole memory
        if mask is not None:
            head_mask = np.broadcast_to(mask, shape)[..., None, :, :]  # (*B, 1, T, S)
        head_context = self.attend(
            head_queries, head_keys, head_values, head_mask, tape
        )  # (*B, H, T, D)

        # 4. Joined heads: the context vectors of all heads side by side.
        context = head_context.swapaxes(-3, -2).reshape(queries.shape)  # (*B, T, E)

        # 5. Output projection: one linear layer over the channels of all heads.
        output = self.out_proj(context, tape)  # (*B, T, E)
        tape.save(self, output, n_memory=memory.shape[-2])
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"], tape: Tape
    ) -> tuple[Float[np.ndarray, "*B T C"], Float[np.ndarray, "*B S M"]]:
        """Return the gradients of `x` and of `memory`."""
        saved = tape.restore(self, grad_output)

        # 5. output = context @ out_proj.weight.T + out_proj.bias.
        grad_context = self.out_proj.backward(grad_output, tape)  # (*B, T, E)

        # 4. context = head_context, transposed and reshaped: undo both.
        by_head = (*grad_context.shape[:-1], self.num_heads, self.head_dim)
        grad_head_context = grad_context.reshape(by_head).swapaxes(-3, -2)

        # 3. head_context = attend(head_queries, head_keys, head_values, head_mask).
        grad_head_queries, grad_head_keys, grad_head_values = self.attend.backward(
            grad_head_context, tape
        )

        # 2. head_queries = queries, reshaped and transposed: undo both.
        of_text = grad_context.shape
        of_memory = (*of_text[:-2], saved.n_memory, of_text[-1])
        grad_queries = grad_head_queries.swapaxes(-3, -2).reshape(of_text)
        grad_keys = grad_head_keys.swapaxes(-3, -2).reshape(of_memory)
        grad_values = grad_head_values.swapaxes(-3, -2).reshape(of_memory)

        # 1. memory went into two projections: their gradients add up.
        grad_memory = self.W_value.backward(grad_values, tape)  # (*B, S, M)
        grad_memory = grad_memory + self.W_key.backward(grad_keys, tape)
        grad_x = self.W_query.backward(grad_queries, tape)  # (*B, T, C)
        return grad_x, grad_memory


def check_texts(x: Array, memory: Array, d_in: int, d_memory: int) -> None:
    """Check that a text and a memory have their channels and equal leading axes."""
    check_input(x, d_in)
    if not isinstance(memory, np.ndarray):
        kind = type(memory).__name__
        raise TypeError(f"memory must be an array of this backend, got {kind}")
    if memory.dtype != x.dtype:
        rule = f"memory must have the dtype of x, {x.dtype}"
        raise TypeError(f"{rule}, got {memory.dtype}")
    if memory.ndim < 2 or memory.shape[:-2] != x.shape[:-2]:
        rule = f"memory must have the leading axes of x, {x.shape[:-2]}"
        raise ValueError(f"{rule}, and two more, got {memory.shape}")
    if memory.shape[-1] != d_memory:
        rule = f"memory must have d_memory = {d_memory} channels"
        raise ValueError(f"{rule}, got {memory.shape[-1]}")
