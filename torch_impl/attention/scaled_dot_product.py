"""Scaled dot-product attention: each query takes a weighted average of the values.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762,
        section 3.2.1, equation 1.
Twin:   reference/attention/scaled_dot_product.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn


class ScaledDotProductAttention(nn.Module):
    """softmax(q kᵀ · scale) v, over the keys that the mask lets a query attend to.

    `scale` is 1/√D unless it is given. A query that may attend to no key has an output
    and a gradient of zero, as in PyTorch's fused call; a plain softmax would give NaN.

    The first query scores both keys the same; the mask hides the second key from it.

    >>> attend = ScaledDotProductAttention()
    >>> queries, keys = torch.zeros(2, 1), torch.zeros(2, 1)
    >>> values, mask = torch.tensor([[2.0], [4.0]]), torch.ones(2, 2).tril().bool()
    >>> attend(queries, keys, values, mask)
    tensor([[2.],
            [3.]])
    """

    def __init__(self, scale: float | None = None):
        super().__init__()
        self.scale = scale

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B S D"],
        values: Float[Tensor, "*B S E"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Average values; `mask` broadcasts to (…, T, S), True = may attend.

        Raises:
            TypeError: something is no tensor of floating-point numbers, or the mask is
                not Boolean.
            ValueError: shapes do not fit.
        """
        check_attention(queries, keys, values, mask)

        # 1-4. Fused call: attention scores, mask, softmax, context vectors.
        context = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=mask, scale=self.scale
        )  # (*B, T, E)
        return context


def check_attention(
    queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None
) -> None:
    """Check that queries, keys, values and a mask fit each other."""
    for name, tensor in (("queries", queries), ("keys", keys), ("values", values)):
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise TypeError(f"{name} must be an array of this backend, got {kind}")
        if not tensor.is_floating_point() or tensor.dtype != queries.dtype:
            rule = "floating-point numbers, all of one dtype"
            dtype = str(tensor.dtype).removeprefix("torch.")
            raise TypeError(f"{name} must hold {rule}, got {dtype}")
        if tensor.ndim < 2 or tensor.shape[:-2] != queries.shape[:-2]:
            rule = "two axes below the leading axes of the queries"
            raise ValueError(f"{name} must have {rule}, got {tuple(tensor.shape)}")
    if keys.shape[-1] != queries.shape[-1]:
        rule = f"keys must have as many channels as queries, {queries.shape[-1]}"
        raise ValueError(f"{rule}, got {keys.shape[-1]}")
    if values.shape[-2] != keys.shape[-2]:
        rule = f"there must be a value for each of {keys.shape[-2]} keys"
        raise ValueError(f"{rule}, got {values.shape[-2]}")
    if mask is not None:
        check_mask(mask, (*queries.shape[:-1], keys.shape[-2]))


def check_mask(mask: Tensor, shape: tuple[int, ...]) -> None:
    """Check that a mask is Boolean, and that it broadcasts to the scores' shape."""
    if mask.dtype != torch.bool:
        dtype = str(mask.dtype).removeprefix("torch.")
        raise TypeError(f"mask must be Boolean, True = may attend, got {dtype}")
    own = (1,) * (len(shape) - mask.ndim) + tuple(mask.shape)
    fits = all(n in (1, size) for n, size in zip(own, shape, strict=False))
    if len(own) != len(shape) or not fits:
        raise ValueError(f"mask must broadcast to {shape}, got {tuple(mask.shape)}")
