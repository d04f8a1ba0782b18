"""Right attention, in forms that round otherwise."""

from typing import Any

import numpy as np

from parity_tests.kit.faults import right
from parity_tests.kit.faults.multi_head import (
    ALL,
    CAUSAL,
    MULTI_HEAD,
    Array,
    MultiHead,
)


@right(MULTI_HEAD, *ALL)
class Right(MultiHead):
    """All is right."""


@right(CAUSAL, *ALL)
class RightCausal(MultiHead):
    """All is right."""


@right(MULTI_HEAD, *ALL)
class LogSumExp(MultiHead):
    """Softmax is exp(s - lse), as in FlashAttention's backward."""

    def softmax(self, scores: Array) -> Array:
        """Subtract the logarithm of the sum of exponentials."""
        row_max = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        sums = np.exp(scores - row_max).sum(axis=-1, keepdims=True)
        return np.exp(scores - (row_max + np.log(sums)))


@right(MULTI_HEAD, *ALL)
class Online(MultiHead):
    """Keys come in tiles of 16; sums and averages are rescaled from tile to tile."""

    def softmax(self, scores: Array) -> Array:
        """Find the maximum and the sum of each row tile by tile."""
        shape = (*scores.shape[:-1], 1)
        row_max = np.full(shape, -np.inf, scores.dtype)
        sums = np.zeros(shape, scores.dtype)
        for start in range(0, scores.shape[-1], 16):
            tile = scores[..., start : start + 16]
            higher = np.maximum(row_max, tile.max(axis=-1, keepdims=True))
            sums = sums * np.exp(row_max - higher)
            sums = sums + np.exp(tile - higher).sum(axis=-1, keepdims=True)
            row_max = higher
        weights: Array = np.exp(scores - row_max) / sums
        return weights


@right(MULTI_HEAD, *ALL)
class FilledWithLowest(MultiHead):
    """Masked scores are the lowest number of the dtype."""

    def fill(self, dtype: Any) -> float:
        """Return the lowest number."""
        return float(np.finfo(self.x.dtype).min)
