"""Attention that is wrong in some layout, or at some value."""

from typing import Any

import numpy as np

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.multi_head import (
    FORWARD,
    KEY,
    MULTI_HEAD,
    Array,
    MultiHead,
)


@wrong(MULTI_HEAD, *FORWARD)
class MemoryOrder(MultiHead):
    """The input is read in the order of its memory, whatever its strides."""

    def read(self, array: Array) -> Array:
        """Read it so."""
        return array.ravel(order="K").reshape(array.shape) if array.ndim > 2 else array


@wrong(MULTI_HEAD, *FORWARD)
class GapsRead(MultiHead):
    """An input with gaps is read without them: the strides are taken for granted."""

    def read(self, array: Array) -> Array:
        """Begin at the first number, and go on in memory."""
        if array.ndim < 3 or array.flags.c_contiguous or min(array.strides) < 0:
            return array
        steps = np.cumprod([array.itemsize, *array.shape[:0:-1]])[::-1]
        return np.lib.stride_tricks.as_strided(array, strides=(*map(int, steps),))


@wrong(MULTI_HEAD, *FORWARD)
class WeightsInMemoryOrder(MultiHead):
    """Parameters are read in the order of their memory."""

    def read(self, array: Array) -> Array:
        """Read them so."""
        return array.ravel(order="K").reshape(array.shape) if array.ndim == 2 else array


@wrong(MULTI_HEAD, *FORWARD)
class ChangesInput(MultiHead):
    """The input is scaled in place, and not scaled back exactly."""

    def project(self, x: Array, name: str) -> Array:
        """Scale it after use."""
        y = super().project(x, name)
        if x is self.x and name == KEY:
            x *= x.dtype.type(3)
            x /= x.dtype.type(3.0001)
        return y


@wrong(MULTI_HEAD, *FORWARD)
class NoMaximum(MultiHead):
    """The maximum of a row is not subtracted before exp."""

    def softmax(self, scores: Array) -> Array:
        """Take exp as it is."""
        with np.errstate(all="ignore"):
            exps = np.exp(scores)
            weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@wrong(MULTI_HEAD, *FORWARD)
class MaximumOfAll(MultiHead):
    """The maximum of all scores is subtracted, not that of the row."""

    def softmax(self, scores: Array) -> Array:
        """Let rows far below the maximum underflow."""
        with np.errstate(all="ignore"):
            exps = np.exp(scores - scores.max(initial=-np.inf))
            weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@wrong(MULTI_HEAD, *FORWARD)
class FilledWithTen(MultiHead):
    """Masked scores are -10."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -10.0


@wrong(MULTI_HEAD, *FORWARD)
class FilledWithTenThousand(MultiHead):
    """Masked scores are -10,000."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -1e4


@wrong(MULTI_HEAD, *FORWARD)
class FilledWithBillion(MultiHead):
    """Masked scores are -1e9."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -1e9


@wrong(MULTI_HEAD, *FORWARD)
class HalfPrecision(MultiHead):
    """Scores are rounded to float16."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Round them."""
        with np.errstate(over="ignore"):
            scores = super().scores(queries, keys).astype(np.float16)
            return scores.astype(queries.dtype)


@wrong(MULTI_HEAD, *FORWARD)
class SingleInside(MultiHead):
    """Softmax is taken in float32, whatever goes in."""

    def softmax(self, scores: Array) -> Array:
        """Round to float32."""
        with np.errstate(over="ignore", invalid="ignore"):
            return super().softmax(scores.astype(np.float32)).astype(scores.dtype)


@wrong(MULTI_HEAD, *FORWARD)
class EpsilonInSum(MultiHead):
    """1e-6 is added to the sum of exponentials."""

    def softmax(self, scores: Array) -> Array:
        """Add it."""
        weights = super().softmax(scores)
        return weights / (1 + weights.dtype.type(1e-6))


@wrong(MULTI_HEAD, *FORWARD)
class Clipped(MultiHead):
    """Scores are clipped to ±50."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Clip them."""
        return super().scores(queries, keys).clip(-50, 50)


@wrong(MULTI_HEAD, *FORWARD)
class TiesTaken(MultiHead):
    """Where the two highest scores of a row are equal, the first takes it all."""

    def softmax(self, scores: Array) -> Array:
        """Let the first win."""
        weights = super().softmax(scores)
        if scores.shape[-1] < 2 or not scores.size:
            return weights
        highest = np.sort(scores, axis=-1)[..., -2:]
        tied = (highest[..., :1] == highest[..., 1:]) & np.isfinite(highest[..., :1])
        first = np.arange(scores.shape[-1]) == scores.argmax(axis=-1)[..., None]
        return np.where(tied, first.astype(weights.dtype), weights)


@wrong(MULTI_HEAD, *FORWARD)
class FlushedToZero(MultiHead):
    """What goes in below 1e-20 is taken for zero."""

    def read(self, array: Array) -> Array:
        """Make it zero."""
        return np.where(np.abs(array) < 1e-20, array.dtype.type(0), array)


@wrong(MULTI_HEAD, *FORWARD)
class RaisesOnNothing(MultiHead):
    """A text without a token raises an error."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Reject it."""
        if not self.n_tokens:
            raise ValueError("no token")
        return super().scores(queries, keys)
