"""Modules whose dropout or gradients are wrong, and some without an ability."""

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from parity_tests.kit.faults import right, wrong
from parity_tests.kit.faults.calls import CAUSAL, Attention
from torch_impl import MultiHeadAttention

# Dropout that draws in an order of its own, and is wrong


@wrong(CAUSAL)
class NotScaledUp(Attention):
    """What dropout leaves is not scaled up."""

    def drop(self, weights: Tensor) -> Tensor:
        """Multiply by the mask alone."""
        return weights * self.kept(weights) if self.training else weights


@wrong(CAUSAL)
class KeepProbability(Attention):
    """The probability is taken for that of keeping."""

    def drop(self, weights: Tensor) -> Tensor:
        """Keep with probability p, and scale by 1 / p."""
        p = self.dropout.p
        if not self.training or p == 0:
            return weights
        return weights * (torch.rand_like(weights) < p) / p * (p < 1)


@wrong(CAUSAL)
class DividesByWhatIsLeft(Attention):
    """Attention weights are dropped, and the rest of a row made to sum to one."""

    def drop(self, weights: Tensor) -> Tensor:
        """Divide by the sum that is left."""
        if not self.training or self.dropout.p in (0, 1):
            return super().drop(weights)
        left = weights * self.kept(weights)
        return left / left.sum(dim=-1, keepdim=True).clamp_min(1e-9)


@wrong(CAUSAL)
class DropsContext(Attention):
    """Channels of the output are dropped instead of attention weights."""

    def forward(self, x: Tensor) -> Tensor:
        """Drop last."""
        output = super().forward(x)
        dropped: Tensor = self.dropout(output)
        return dropped

    def drop(self, weights: Tensor) -> Tensor:
        """Drop nothing here."""
        return weights


@wrong(CAUSAL)
class OneMaskForAllTexts(Attention):
    """All texts of a batch drop the same attention weights."""

    def drop(self, weights: Tensor) -> Tensor:
        """Draw for one text."""
        if not self.training:
            return weights
        return weights * self.kept(weights[(0,) * (weights.ndim - 2)]) * self.scale()


@wrong(CAUSAL)
class OneMaskForAllQueries(Attention):
    """All queries of a text drop the same keys."""

    def drop(self, weights: Tensor) -> Tensor:
        """Draw for one query."""
        if not self.training:
            return weights
        return weights * self.kept(weights[..., :1, :]) * self.scale()


class OneMaskForAllHeads(nn.Module):
    """Draws a mask for the first head."""

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, weights: Tensor) -> Tensor:
        """Multiply all heads by it."""
        if not self.training:
            return weights
        keep = torch.rand_like(weights[..., :1, :, :]) >= self.p
        return weights * keep * (1 / (1 - self.p) if self.p < 1 else 0.0)


@wrong("attention/multi_head")
class SharedByHeads(MultiHeadAttention):
    """All heads drop the same attention weights."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.add_module("dropout", OneMaskForAllHeads(self.dropout.p))


@wrong(CAUSAL)
class SeedsItself(Attention):
    """The same attention weights are dropped in every call."""

    def drop(self, weights: Tensor) -> Tensor:
        """Begin the same random numbers again."""
        torch.manual_seed(0)
        return super().drop(weights)


@wrong(CAUSAL)
class DropsNothing(Attention):
    """It keeps the probability of dropout, and never drops."""

    def drop(self, weights: Tensor) -> Tensor:
        """Leave all weights."""
        return weights


@wrong(CAUSAL)
class DropsInEvaluation(Attention):
    """It drops in evaluation too."""

    def drop(self, weights: Tensor) -> Tensor:
        """Do not look at the mode."""
        return F.dropout(weights, self.dropout.p)


@wrong(CAUSAL)
class ScalesGradients(Attention):
    """A gradient is wrong, which is asked for though nothing is declared."""

    def forward(self, x: Tensor) -> Tensor:
        """Let half of the output have no gradient."""
        output = super().forward(x)
        return (output + output.detach()) / 2


# What is right all the same


@right(CAUSAL)
class OwnDraws(Attention):
    """Dropout is written by hand, and draws in an order of its own."""

    def drop(self, weights: Tensor) -> Tensor:
        """Multiply by mask and scale."""
        if not self.training:
            return weights
        return weights * self.kept(weights) * self.scale()


@right(CAUSAL)
class OwnGenerator(Attention):
    """Dropout draws from a generator that the object makes when it is built."""

    def start(self, context_length: int) -> None:
        """Begin its random numbers."""
        self.rng = np.random.default_rng(0)

    def kept(self, like: Tensor) -> Tensor:
        """Draw by NumPy."""
        return torch.from_numpy(self.rng.random(like.shape)) >= self.dropout.p

    drop = OwnDraws.drop


@right(CAUSAL)
class TileByTile(Attention):
    """Dropout draws for 64 queries at a time."""

    def drop(self, weights: Tensor) -> Tensor:
        """Drop in tiles."""
        tiles = weights.split(64, dim=-2)
        return torch.cat([self.dropout(tile) for tile in tiles], dim=-2)


@right(CAUSAL)
class Fused(Attention):
    """The fused call does the dropout."""

    def forward(self, x: Tensor) -> Tensor:
        """Attend by the fused call."""
        queries, keys, values = self.project(x)
        return F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            dropout_p=self.dropout.p if self.training else 0.0,
            is_causal=True,
        )


@right(CAUSAL)
class ThreeAxes(Attention):
    """It takes a batch of texts, and nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        """Name the axes."""
        _, _, _ = x.shape
        return super().forward(x)


@right(CAUSAL)
class CountsAxesFromTheLeft(Attention):
    """Softmax goes along axis 2, which is the last one in a batch of texts."""

    def forward(self, x: Tensor) -> Tensor:
        """Attend to the past."""
        queries, keys, values = self.project(x)
        scores = queries @ keys.transpose(1, 2) / math.sqrt(keys.shape[2])
        scores = scores.masked_fill(~self.mask(scores), -math.inf)
        return self.drop(scores.softmax(dim=2)) @ values


@right(CAUSAL)
class ForInference(Attention):
    """It has no gradients."""

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Attend, without a graph."""
        return super().forward(x)


@right(CAUSAL)
class WithoutDropout(Attention):
    """It takes the probability of dropout and has none, as code for inference does."""

    def start(self, context_length: int) -> None:
        """Forget the probability."""
        self.dropout.p = 0.0
