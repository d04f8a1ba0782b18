"""PyTorch's fused call with each of its backends, and caches of keys and values."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_torch import InTorch


@right_form(gradients=True)
class Fused(InTorch):
    """F.scaled_dot_product_attention (SDPA)."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Call it."""
        return F.scaled_dot_product_attention(queries, keys, values, is_causal=True)


@right_form(gradients=True)
class FusedMath(Fused):
    """SDPA, its backend "math"."""

    backend = SDPBackend.MATH

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Choose the backend; a kernel takes no text without a batch."""
        with sdpa_kernel(self.backend):
            if queries.ndim == 4:
                return super().attend(queries, keys, values)
            shape = (math.prod(queries.shape[:-3]), *queries.shape[-3:])
            batches = (each.reshape(shape) for each in (queries, keys, values))
            return super().attend(*batches).reshape(queries.shape)


@right_form(gradients=True)
class FusedFlash(FusedMath):
    """SDPA, its backend "flash"."""

    backend = SDPBackend.FLASH_ATTENTION


@right_form(gradients=True)
class FusedBooleanMask(InTorch):
    """SDPA with a Boolean mask."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Give it the mask."""
        mask = self.mask()
        return F.scaled_dot_product_attention(queries, keys, values, mask)


@right_form(gradients=True)
class FusedAddedMask(InTorch):
    """SDPA with a mask that is added, queries scaled first."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Give it zeros and -inf."""
        added = self.masked(torch.zeros(self.mask().shape, dtype=queries.dtype))
        queries = queries / math.sqrt(queries.shape[-1])
        return F.scaled_dot_product_attention(queries, keys, values, added, scale=1.0)


class Cached(InTorch):
    """Keys and values of earlier tokens are kept; `step` tokens come at a time."""

    step = 1

    def forward(self) -> Tensor:
        """Decode from the first token to the last."""
        whole, outputs = self.x, []
        keys, values = [], []
        for start in range(0, whole.shape[-2], self.step):
            self.x = whole[..., start : start + self.step, :]
            query, key, value = map(self.split, self.projected())
            keys.append(key)
            values.append(value)
            all_keys, all_values = torch.cat(keys, -2), torch.cat(values, -2)
            n_new, n_all = query.shape[-2], all_keys.shape[-2]
            hidden = torch.ones(n_new, n_all, dtype=torch.bool).triu(n_all - n_new + 1)
            scores = self.scores(query, all_keys).masked_fill(hidden, -math.inf)
            outputs.append(self.joined(scores.softmax(-1) @ all_values))
        return torch.cat(outputs, dim=-2)


@right_form(longest=65)
class TokenByToken(Cached):
    """A cache of keys and values, token by token."""


@right_form(gradients=True)
class ThreeAtATime(Cached):
    """A cache of keys and values, three tokens at a time."""

    step = 3
