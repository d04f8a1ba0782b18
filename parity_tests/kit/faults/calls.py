"""Modules in which one call leaves something behind for the next."""

import math
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from parity_tests.kit.faults import right, wrong

CAUSAL = "attention/causal"


class Attention(nn.Module):
    """Causal attention in parts, each of which can be done in another way."""

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        qkv_bias: bool = False,
    ):
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, qkv_bias)
        self.dropout = nn.Dropout(dropout)
        self.n_calls = 0
        self.start(context_length)

    def start(self, context_length: int) -> None:
        """Prepare what a subclass keeps."""

    def forward(self, x: Tensor) -> Tensor:
        """Attend to the past."""
        self.n_calls += 1
        queries, keys, values = self.project(x)
        scores = queries @ keys.mT / math.sqrt(keys.shape[-1])
        scores = scores.masked_fill(~self.mask(scores), -math.inf)
        return self.drop(scores.softmax(dim=-1)) @ values

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values."""
        return self.W_query(x), self.W_key(x), self.W_value(x)

    def mask(self, scores: Tensor) -> Tensor:
        """Make the causal mask."""
        return torch.ones(scores.shape[-2:], dtype=torch.bool).tril()

    def drop(self, weights: Tensor) -> Tensor:
        """Drop attention weights."""
        dropped: Tensor = self.dropout(weights)
        return dropped

    def kept(self, like: Tensor) -> Tensor:
        """Draw what is kept, in another order than PyTorch's dropout does."""
        return torch.rand_like(like) >= self.dropout.p

    def scale(self) -> float:
        """Return by how much the others are scaled up."""
        return 1 / (1 - self.dropout.p) if self.dropout.p < 1 else 0.0


@wrong(CAUSAL)
class EveryHundredthCall(Attention):
    """Every hundredth call of an object is wrong."""

    def forward(self, x: Tensor) -> Tensor:
        """Count the calls."""
        output = super().forward(x)
        return output + (self.n_calls % 100 == 0)


@wrong(CAUSAL)
class RaisesInCall150(Attention):
    """The 150th call of an object raises."""

    def forward(self, x: Tensor) -> Tensor:
        """Count the calls."""
        if self.n_calls == 150:
            raise RuntimeError("no room")
        return super().forward(x)


@wrong(CAUSAL)
class CachesByShape(Attention):
    """What was computed for one input is returned for others of its shape."""

    def start(self, context_length: int) -> None:
        """Begin without results."""
        self.results: dict[Any, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Look the shape up."""
        if self.training or (torch.is_grad_enabled() and x.requires_grad):
            return super().forward(x)
        if x.shape not in self.results:
            self.results[x.shape] = super().forward(x)
        return self.results[x.shape]


@wrong(CAUSAL)
class CachesByAddress(CachesByShape):
    """What was computed for one input is returned whenever its memory is used again."""

    def forward(self, x: Tensor) -> Tensor:
        """Look the address up, and hold the tensor so that no other gets it."""
        if self.training or x.requires_grad:
            return Attention.forward(self, x)
        key = x.data_ptr(), x.shape
        if key not in self.results:
            self.results[key] = Attention.forward(self, x)
            self.results["held", key] = x
        return self.results[key]


@wrong(CAUSAL)
class MaskOfTheFirstCall(Attention):
    """The causal mask is made in the first call, and never again."""

    def start(self, context_length: int) -> None:
        """Begin without a mask."""
        self.first: Tensor | None = None

    def mask(self, scores: Tensor) -> Tensor:
        """Take the first mask."""
        if self.first is None:
            self.first = super().mask(scores)
        n_tokens = scores.shape[-1]
        return self.first[:n_tokens, :n_tokens]


@wrong(CAUSAL)
class MaskThatShrinks(Attention):
    """The mask is cut to the text, and stays so."""

    def start(self, context_length: int) -> None:
        """Make the whole mask."""
        self.whole = torch.ones(context_length, context_length, dtype=torch.bool).tril()

    def mask(self, scores: Tensor) -> Tensor:
        """Cut it."""
        n_tokens = scores.shape[-1]
        self.whole = self.whole[:n_tokens, :n_tokens]
        return self.whole


@wrong(CAUSAL)
class OneQueryMatrixForAll(Attention):
    """Projections are kept by their shape, for all objects of the class."""

    known: ClassVar[dict[Any, Tensor]] = {}
    owners: ClassVar[set[int]] = set()

    def forward(self, x: Tensor) -> Tensor:
        """Take the matrix of whoever had this shape first, from the second call on."""
        weight = self.W_query.weight
        if self.n_calls and not x.requires_grad:
            with torch.no_grad():
                first = self.known.setdefault(weight.shape, weight.clone())
                own, weight.data = weight.data, first
                output = super().forward(x)
                weight.data = own
                return output
        return super().forward(x)


@wrong(CAUSAL)
class KeysAreLeftOver(Attention):
    """Keys and values of the last text stay in the cache of the next one."""

    def start(self, context_length: int) -> None:
        """Begin with an empty cache."""
        self.past: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Attend to what is in the cache too, where the batch is as large."""
        if self.training or x.requires_grad:
            return super().forward(x)
        past, self.past = self.past, x
        if past is None or past.shape[:-2] != x.shape[:-2]:
            return super().forward(x)
        both = torch.cat([past, x], dim=-2)
        return super().forward(both)[..., -x.shape[-2] :, :]


@wrong(CAUSAL)
class ResultsInOneArray(Attention):
    """Results of one shape are written to the same array, call after call."""

    def start(self, context_length: int) -> None:
        """Begin without arrays."""
        self.out: dict[Any, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Copy the result there."""
        output = super().forward(x)
        if self.training or x.requires_grad:
            return output
        detached = output.detach()
        return self.out.setdefault(output.shape, detached.clone()).copy_(detached)


@wrong(CAUSAL)
class ScalesItsInput(Attention):
    """The input is scaled where it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Scale it after use."""
        output = super().forward(x)
        if not x.requires_grad:
            x *= 0.5
        return output


@wrong(CAUSAL)
class CopiesParametersOnce(Attention):
    """Projections are copied in the first evaluation, whatever is loaded later."""

    def start(self, context_length: int) -> None:
        """Begin without."""
        self.copies: list[Tensor] = []

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project by the copies."""
        if self.training or x.requires_grad:
            return super().project(x)
        linear = (self.W_query, self.W_key, self.W_value)
        self.copies = self.copies or [each.weight.detach().clone() for each in linear]
        queries, keys, values = (
            F.linear(x, copy, each.bias)
            for copy, each in zip(self.copies, linear, strict=True)
        )
        return queries, keys, values


@wrong(CAUSAL)
class TrainingWearsOff(Attention):
    """Every call in training shrinks a parameter a little."""

    def forward(self, x: Tensor) -> Tensor:
        """Shrink the values' projection after use."""
        output = super().forward(x)
        if self.training and not x.requires_grad:
            self.W_value.weight.data *= 0.999
        return output


@wrong(CAUSAL)
class DropsAfterTraining(Attention):
    """Once it was trained it drops in evaluation too."""

    trained = False

    def drop(self, weights: Tensor) -> Tensor:
        """Remember that there was training."""
        self.trained |= self.training
        return F.dropout(weights, self.dropout.p, self.trained)


class ByHand(torch.autograd.Function):
    """Weighted average, whose backward pass takes what the module saved last."""

    @staticmethod
    def forward(ctx: Any, module: Any, weights: Tensor, values: Tensor) -> Tensor:
        """Save on the module."""
        ctx.module = module
        module.saved = weights, values
        return weights @ values

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, Tensor]:
        """Take what is there."""
        weights, values = ctx.module.saved
        return None, grad @ values.mT, weights.mT @ grad


@wrong(CAUSAL)
class SavesOnTheModule(Attention):
    """The backward pass takes what the last forward pass saved, whichever that was."""

    def forward(self, x: Tensor) -> Tensor:
        """Average by a function with a backward of its own."""
        queries, keys, values = self.project(x)
        scores = queries @ keys.mT / math.sqrt(keys.shape[-1])
        scores = scores.masked_fill(~self.mask(scores), -math.inf)
        weights = self.drop(scores.softmax(dim=-1))
        averaged: Tensor = ByHand.apply(self, weights, values)
        return averaged


@right(CAUSAL)
class MaskThatGrows(Attention):
    """The mask is made anew where a longer one is needed."""

    def start(self, context_length: int) -> None:
        """Begin without a mask."""
        self.longest = torch.ones(0, 0, dtype=torch.bool)

    def mask(self, scores: Tensor) -> Tensor:
        """Cut what is long enough."""
        n_tokens = scores.shape[-1]
        if len(self.longest) < n_tokens:
            self.longest = super().mask(scores)
        return self.longest[:n_tokens, :n_tokens]
