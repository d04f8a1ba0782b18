"""Attention in PyTorch, in the steps of the NumPy one in kit/faults/multi_head.py.

Gradients are those of autograd, unless a form has its own.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from parity_tests.contract.backend import tensor

Named = dict[str, Any]
QUERY, KEY, VALUE, OUT = "W_query", "W_key", "W_value", "out_proj"


class InTorch:
    """Calling the class runs it, as a function is run."""

    def __new__(cls, inputs: Named, parameters: Named, config: Named) -> Any:
        """Return what comes out, or the gradients if they are asked for."""
        self = super().__new__(cls)
        self.parameters = {name: tensor(array) for name, array in parameters.items()}
        self.x, self.n_heads = tensor(inputs["x"]), int(config.get("num_heads", 1))
        leaves = {"x": self.x, **self.parameters}
        wanted = "grad_output" in inputs
        for leaf in leaves.values():
            leaf.requires_grad_(wanted)
        with torch.set_grad_enabled(wanted):
            output = self.forward()
        if not wanted:
            return output.numpy()
        found = torch.autograd.grad(
            output,
            [*leaves.values()],
            tensor(inputs["grad_output"]),
            materialize_grads=True,
        )
        return {name: g.numpy() for name, g in zip(leaves, found, strict=True)}

    parameters: dict[str, Tensor]
    x: Tensor
    n_heads: int

    def project(self, x: Tensor, name: str) -> Tensor:
        """Multiply by one of the projections, and add its bias."""
        bias = self.parameters.get(f"{name}.bias")
        return F.linear(x, self.parameters[f"{name}.weight"], bias)

    def projected(self) -> list[Tensor]:
        """Return queries, keys and values."""
        return [self.project(self.x, name) for name in (QUERY, KEY, VALUE)]

    def split(self, channels: Tensor) -> Tensor:
        """Put the heads before the tokens."""
        head_dim = channels.shape[-1] // self.n_heads
        return channels.unflatten(-1, (self.n_heads, head_dim)).transpose(-3, -2)

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Multiply every query with every key."""
        return queries @ keys.mT / math.sqrt(queries.shape[-1])

    def mask(self) -> Tensor:
        """Let a token attend to itself and to earlier ones."""
        n_tokens = self.x.shape[-2]
        return torch.ones(n_tokens, n_tokens, dtype=torch.bool).tril()

    def masked(self, scores: Tensor) -> Tensor:
        """Hide later tokens."""
        return scores.masked_fill(~self.mask(), -math.inf)

    def softmax(self, scores: Tensor) -> Tensor:
        """Turn scores into attention weights."""
        return scores.softmax(dim=-1)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Average the values by their attention weights."""
        return self.softmax(self.masked(self.scores(queries, keys))) @ values

    def joined(self, heads: Tensor) -> Tensor:
        """Put the channels of all heads side by side, and project them."""
        context = heads.transpose(-3, -2).flatten(-2)
        has_heads = f"{OUT}.weight" in self.parameters
        return self.project(context, OUT) if has_heads else context

    def forward(self) -> Tensor:
        """Attend."""
        return self.joined(self.attend(*map(self.split, self.projected())))
