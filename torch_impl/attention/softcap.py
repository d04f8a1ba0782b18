"""Softcapped attention: no score gets past a bound, however large it is.

Source: Gemma Team 2024, https://arxiv.org/abs/2408.00118,
        on the soft-capping of logits.
Twin:   reference/attention/softcap.py
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from torch_impl.attention.scaled_dot_product import check_attention
from torch_impl.validation import check_positive


class SoftcappedAttention(nn.Module):
    """Scores become c · tanh(score / c), which lies between -c and c.

    The cap comes after the scale and before the mask: after it, -inf would become -c,
    and what is hidden would get some weight.

    Scores of 1000 and 0 are capped to 1 and 0.

    >>> attend = SoftcappedAttention(cap=1.0)
    >>> queries, keys = torch.tensor([[1000.0]]), torch.tensor([[1.0], [0.0]])
    >>> attend(queries, keys, values=torch.tensor([[1.0], [0.0]]))  # e / (e + 1)
    tensor([[0.7311]])
    """

    def __init__(self, cap: float, scale: float | None = None):
        super().__init__()
        check_positive(cap=cap)
        self.cap, self.scale = cap, scale

    def forward(
        self,
        queries: Float[Tensor, "*B T D"],
        keys: Float[Tensor, "*B S D"],
        values: Float[Tensor, "*B S E"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Float[Tensor, "*B T E"]:
        """Average values; `mask` broadcasts to (…, T, S), True = may attend."""
        check_attention(queries, keys, values, mask)

        # 1. Attention scores: every query with every key, scaled.
        scale = 1 / math.sqrt(queries.shape[-1]) if self.scale is None else self.scale
        attn_scores = queries @ keys.mT * scale  # (*B, T, S)

        # 2. Softcap: the hyperbolic tangent bends what is large towards the cap.
        capped_scores = self.cap * torch.tanh(attn_scores / self.cap)  # (*B, T, S)

        # 3. Mask: a score that the mask hides becomes -inf.
        may_attend = queries.new_ones((), dtype=torch.bool) if mask is None else mask
        masked_scores = capped_scores.masked_fill(~may_attend, -torch.inf)

        # 4. Softmax: attention weights that sum to one, or to zero if all are hidden.
        # PyTorch's softmax of a hidden row is NaN, and so would its gradient be.
        sees_none = ~may_attend.any(dim=-1, keepdim=True)
        weights = F.softmax(masked_scores.masked_fill(sees_none, 0), dim=-1)
        attn_weights = weights.masked_fill(sees_none, 0)  # (*B, T, S)

        # 5. Context vectors: values averaged by their attention weights.
        context = attn_weights @ values  # (*B, T, E)
        return context
