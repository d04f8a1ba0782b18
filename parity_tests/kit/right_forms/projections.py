"""Projections taken together, or head by head."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from parity_tests.kit.faults.multi_head import KEY, OUT, QUERY, VALUE, Array
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch

NAMES = (QUERY, KEY, VALUE)


@right_form(gradients=True)
class Packed(InTorch):
    """One product for queries, keys and values."""

    def projected(self) -> list[Tensor]:
        """Put the parameters one above the other."""
        weight = torch.cat([self.parameters[f"{name}.weight"] for name in NAMES])
        bias = None
        if f"{QUERY}.bias" in self.parameters:
            bias = torch.cat([self.parameters[f"{name}.bias"] for name in NAMES])
        return [*F.linear(self.x, weight, bias).chunk(3, dim=-1)]


@right_form()
class BiasAsColumn(InNumPy):
    """The bias as a column, times a channel of ones."""

    def project(self, x: Array, name: str) -> Array:
        """Let the product add the bias."""
        weight = self.parameters[f"{name}.weight"]
        if (bias := self.parameters.get(f"{name}.bias")) is not None:
            x = np.concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], axis=-1)
            weight = np.concatenate([weight, bias[:, None]], axis=-1)
        y: Array = x @ weight.T
        return y


@right_form()
class BiasFirst(InNumPy):
    """The bias first, then one channel after another."""

    def project(self, x: Array, name: str) -> Array:
        """Begin with the bias, and add the products in turn."""
        weight = self.parameters[f"{name}.weight"]
        y = np.zeros((*x.shape[:-1], len(weight)), x.dtype)
        y += self.parameters.get(f"{name}.bias", x.dtype.type(0))
        for c in range(x.shape[-1]):
            y += x[..., c, None] * weight[:, c]
        return y


@right_form(gradients=True)
class HeadByHead(InTorch):
    """Head by head, outputs of heads added up."""

    def forward(self) -> Tensor:
        """Let each head have its rows of the projections, its columns of the last."""
        heads = [self.of_head(h) for h in range(self.n_heads)]
        if f"{OUT}.weight" not in self.parameters:
            return torch.cat(heads, dim=-1)
        columns = self.parameters[f"{OUT}.weight"].chunk(self.n_heads, dim=-1)
        output = self.parameters[f"{OUT}.bias"]
        for context, weight in zip(heads, columns, strict=True):
            output = output + context @ weight.mT
        return output

    def of_head(self, head: int) -> Tensor:
        """Attend with one head."""
        own = []
        for name in NAMES:
            weight = self.parameters[f"{name}.weight"].chunk(self.n_heads)[head]
            bias = self.parameters.get(f"{name}.bias")
            bias = None if bias is None else bias.chunk(self.n_heads)[head]
            own.append(F.linear(self.x, weight, bias))
        return self.attend(*own)


@right_form()
class ChannelsFirst(InNumPy):
    """Weights × inputs, channels before tokens."""

    def project(self, x: Array, name: str) -> Array:
        """Multiply from the left."""
        weight = self.parameters[f"{name}.weight"]
        y: Array = (weight @ np.ascontiguousarray(x.mT)).mT
        return y + self.parameters.get(f"{name}.bias", x.dtype.type(0))
