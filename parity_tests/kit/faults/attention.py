"""Attention that is wrong at some size, layout or value, and right attention."""

from typing import Any

import numpy as np

from parity_tests.kit.faults import right, wrong
from parity_tests.kit.faults.multi_head import KEY, OUT, QUERY, Array, MultiHead, Named

PATH, CAUSAL = "attention/multi_head", "attention/causal"
FORWARD, ALL = ("leading_axes",), ("leading_axes", "gradients", "dropout")


@right(PATH, *ALL)
class Right(MultiHead):
    """All is right."""


@right(CAUSAL, *ALL)
class RightCausal(MultiHead):
    """All is right."""


@right(PATH, *ALL)
class LogSumExp(MultiHead):
    """Softmax is exp(s - lse), as in FlashAttention's backward."""

    def softmax(self, scores: Array) -> Array:
        """Subtract the logarithm of the sum of exponentials."""
        row_max = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        sums = np.exp(scores - row_max).sum(axis=-1, keepdims=True)
        return np.exp(scores - (row_max + np.log(sums)))


@right(PATH, *ALL)
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


@right(PATH, *ALL)
class FilledWithLowest(MultiHead):
    """Masked scores are the lowest number of the dtype."""

    def fill(self, dtype: Any) -> float:
        """Return the lowest number."""
        return float(np.finfo(self.x.dtype).min)


# Sizes


@wrong(PATH, *FORWARD)
class FromSevenTokens(MultiHead):
    """From seven tokens on, the first two scores of the last row change places."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Change them."""
        scores = super().scores(queries, keys)
        if self.n_tokens >= 7:
            scores[..., -1, :2] = scores[..., -1, 1::-1]
        return scores


@wrong(PATH, *FORWARD)
class SixteenTokensBack(MultiHead):
    """A token attends to the last sixteen tokens only."""

    def mask(self) -> Array:
        """Hide what is further back."""
        return super().mask() & ~np.tri(self.n_tokens, k=-16, dtype=bool)


@wrong(PATH, *FORWARD)
class WithoutRemainder(MultiHead):
    """Rows behind the last whole tile of sixteen stay zero."""

    def average(self, weights: Array, values: Array) -> Array:
        """Leave them out."""
        context = super().average(weights, values)
        whole = self.n_tokens // 16 * 16
        context[..., whole if self.n_tokens > 16 else self.n_tokens :, :] = 0
        return context


@wrong(PATH, *FORWARD)
class WithoutLastKeys(MultiHead):
    """Keys behind the last whole tile of sixteen are skipped by longer texts."""

    def mask(self) -> Array:
        """Hide them from all rows but their own."""
        whole = self.n_tokens // 16 * 16 if self.n_tokens > 16 else self.n_tokens
        hidden = np.arange(self.n_tokens) >= whole
        return super().mask() & (~hidden | np.eye(self.n_tokens, dtype=bool))


@wrong(PATH, *FORWARD)
class AtWholeTiles(MultiHead):
    """Where tokens fill tiles of sixteen, the last row forgets the first key."""

    def mask(self) -> Array:
        """Hide the first key."""
        mask = super().mask()
        if self.n_tokens and self.n_tokens % 16 == 0:
            mask[-1, 0] = False
        return mask


@wrong(PATH, *FORWARD)
class OneLater(MultiHead):
    """In texts longer than 64 tokens the mask lets one later token in."""

    def mask(self) -> Array:
        """Move the diagonal."""
        return np.tri(self.n_tokens, k=int(self.n_tokens > 64), dtype=bool)


@wrong(PATH, *FORWARD)
class BeyondTwoHundred(MultiHead):
    """Row 256 and later ones are those of row 255: a buffer of 256."""

    def average(self, weights: Array, values: Array) -> Array:
        """Repeat it."""
        context = super().average(weights, values)
        context[..., 256:, :] = context[..., 255:256, :]
        return context


@wrong(PATH, *FORWARD)
class HeadThree(MultiHead):
    """The head at index 3 reads the keys of the head before it."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Take the wrong keys."""
        heads = np.arange(self.n_heads)
        return super().scores(queries, keys[..., np.where(heads == 3, 2, heads), :, :])


@wrong(PATH, *FORWARD)
class HeadNine(MultiHead):
    """Heads from index 8 on have no values."""

    def average(self, weights: Array, values: Array) -> Array:
        """Leave them zero."""
        context = super().average(weights, values)
        context[..., 8:, :, :] = 0
        return context


@wrong(PATH, *FORWARD)
class SevenIn(MultiHead):
    """Of seven channels that go in, the last is skipped."""

    def read(self, array: Array) -> Array:
        """Leave it out of the input."""
        if array.ndim < 3 or array.shape[-1] != 7:
            return array
        return np.where(np.arange(7) == 6, array.dtype.type(0), array)


@wrong(PATH, *FORWARD)
class NineteenOut(MultiHead):
    """Of nineteen channels that come out, the last is zero."""

    def finished(self, output: Array) -> Array:
        """Make it zero."""
        if output.shape[-1] == 19:
            output[..., -1] = 0
        return output


@wrong(PATH, *FORWARD)
class ContextOfSeven(MultiHead):
    """With room for seven tokens, a token does not attend to the one before it."""

    def mask(self) -> Array:
        """Hide it."""
        mask = super().mask()
        if self.config["context_length"] == 7:
            mask &= ~np.eye(self.n_tokens, k=-1, dtype=bool)
        return mask


@wrong(PATH, *FORWARD)
class FullContext(MultiHead):
    """Where the context is full, the last token does not attend to the first."""

    def mask(self) -> Array:
        """Hide it."""
        mask = super().mask()
        if self.n_tokens > 1 and self.config["context_length"] == self.n_tokens:
            mask[-1, 0] = False
        return mask


@wrong(PATH, *FORWARD)
class WideHeads(MultiHead):
    """Heads wider than 64 channels are scaled as if they had 64."""

    def scale(self, head_dim: int) -> float:
        """Take no more than 64."""
        return super().scale(min(head_dim, 64))


@wrong(PATH, *FORWARD)
class IntegerRoot(MultiHead):
    """The root of the head's size is rounded down where it is above 8."""

    def scale(self, head_dim: int) -> float:
        """Round it."""
        return 1 / int(head_dim**0.5) if head_dim > 64 else super().scale(head_dim)


@wrong(PATH, *FORWARD)
class FirstTextAgain(MultiHead):
    """Texts behind the third are the first one."""

    def finished(self, output: Array) -> Array:
        """Repeat it."""
        if output.ndim == 3:
            output[3:] = output[:1] if len(output) else output[3:]
        return output


@wrong(PATH, *FORWARD)
class LastTokenOfSecondText(MultiHead):
    """The last token of the second text is half of what it should be."""

    def finished(self, output: Array) -> Array:
        """Halve it."""
        if output.ndim == 3:
            output[1:2, -1:] *= 0.5
        return output


@wrong(PATH, *FORWARD)
class OuterAxis(MultiHead):
    """Of two leading axes, the second text of the outer one is the first."""

    def finished(self, output: Array) -> Array:
        """Repeat it."""
        if output.ndim == 4 and len(output) > 1:
            output[1] = output[0]
        return output


# Layouts


@wrong(PATH, *FORWARD)
class MemoryOrder(MultiHead):
    """The input is read in the order of its memory, whatever its strides."""

    def read(self, array: Array) -> Array:
        """Read it so."""
        return array.ravel(order="K").reshape(array.shape) if array.ndim > 2 else array


@wrong(PATH, *FORWARD)
class GapsRead(MultiHead):
    """An input with gaps is read without them: the strides are taken for granted."""

    def read(self, array: Array) -> Array:
        """Begin at the first number, and go on in memory."""
        if array.ndim < 3 or array.flags.c_contiguous or min(array.strides) < 0:
            return array
        steps = np.cumprod([array.itemsize, *array.shape[:0:-1]])[::-1]
        return np.lib.stride_tricks.as_strided(array, strides=(*map(int, steps),))


@wrong(PATH, *FORWARD)
class WeightsInMemoryOrder(MultiHead):
    """Parameters are read in the order of their memory."""

    def read(self, array: Array) -> Array:
        """Read them so."""
        return array.ravel(order="K").reshape(array.shape) if array.ndim == 2 else array


@wrong(PATH, *FORWARD)
class ChangesInput(MultiHead):
    """The input is scaled in place, and not scaled back exactly."""

    def project(self, x: Array, name: str) -> Array:
        """Scale it after use."""
        y = super().project(x, name)
        if x is self.x and name == KEY:
            x *= x.dtype.type(3)
            x /= x.dtype.type(3.0001)
        return y


# Values


@wrong(PATH, *FORWARD)
class NoMaximum(MultiHead):
    """The maximum of a row is not subtracted before exp."""

    def softmax(self, scores: Array) -> Array:
        """Take exp as it is."""
        with np.errstate(all="ignore"):
            exps = np.exp(scores)
            weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@wrong(PATH, *FORWARD)
class MaximumOfAll(MultiHead):
    """The maximum of all scores is subtracted, not that of the row."""

    def softmax(self, scores: Array) -> Array:
        """Let rows far below the maximum underflow."""
        with np.errstate(all="ignore"):
            exps = np.exp(scores - scores.max(initial=-np.inf))
            weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@wrong(PATH, *FORWARD)
class FilledWithTen(MultiHead):
    """Masked scores are -10."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -10.0


@wrong(PATH, *FORWARD)
class FilledWithTenThousand(MultiHead):
    """Masked scores are -10,000."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -1e4


@wrong(PATH, *FORWARD)
class FilledWithBillion(MultiHead):
    """Masked scores are -1e9."""

    def fill(self, dtype: Any) -> float:
        """Return it."""
        return -1e9


@wrong(PATH, *FORWARD)
class HalfPrecision(MultiHead):
    """Scores are rounded to float16."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Round them."""
        with np.errstate(over="ignore"):
            scores = super().scores(queries, keys).astype(np.float16)
            return scores.astype(queries.dtype)


@wrong(PATH, *FORWARD)
class SingleInside(MultiHead):
    """Softmax is taken in float32, whatever goes in."""

    def softmax(self, scores: Array) -> Array:
        """Round to float32."""
        with np.errstate(over="ignore", invalid="ignore"):
            return super().softmax(scores.astype(np.float32)).astype(scores.dtype)


@wrong(PATH, *FORWARD)
class EpsilonInSum(MultiHead):
    """1e-6 is added to the sum of exponentials."""

    def softmax(self, scores: Array) -> Array:
        """Add it."""
        weights = super().softmax(scores)
        return weights / (1 + weights.dtype.type(1e-6))


@wrong(PATH, *FORWARD)
class Clipped(MultiHead):
    """Scores are clipped to ±50."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Clip them."""
        return super().scores(queries, keys).clip(-50, 50)


@wrong(PATH, *FORWARD)
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


@wrong(PATH, *FORWARD)
class FlushedToZero(MultiHead):
    """What goes in below 1e-20 is taken for zero."""

    def read(self, array: Array) -> Array:
        """Make it zero."""
        return np.where(np.abs(array) < 1e-20, array.dtype.type(0), array)


@wrong(PATH, *FORWARD)
class RaisesOnNothing(MultiHead):
    """A text without a token raises an error."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Reject it."""
        if not self.n_tokens:
            raise ValueError("no token")
        return super().scores(queries, keys)


# Gradients


def scaled(gradients: Named, name: str, factor: float) -> Named:
    """Multiply one gradient."""
    gradient = gradients[name]
    return gradients | {name: gradient * gradient.dtype.type(factor)}


@wrong(PATH, *ALL)
class QueryOnePercent(MultiHead):
    """In float32 the gradient of W_query is 1 % too large."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        factor = 1.01 if self.x.dtype == np.float32 else 1.0
        return scaled(gradients, f"{QUERY}.weight", factor)


@wrong(PATH, *ALL)
class QueryLastDigits(MultiHead):
    """In float32 the gradient of W_query is too large by 1e-5 of it."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        factor = 1 + 1e-5 if self.x.dtype == np.float32 else 1.0
        return scaled(gradients, f"{QUERY}.weight", factor)


@wrong(CAUSAL, *ALL)
class CausalQueryLastDigits(QueryLastDigits):
    """In float32 the gradient of W_query is too large by 1e-5 of it."""


@wrong(PATH, *ALL)
class HeadThreeGradient(MultiHead):
    """The gradient of W_query is 1 % too large in the head at index 3."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        gradient = gradients[f"{QUERY}.weight"]
        size = len(gradient) // self.n_heads
        gradient[3 * size : 4 * size] *= gradient.dtype.type(1.01)
        return gradients


@wrong(PATH, *ALL)
class BiasOnePercent(MultiHead):
    """The gradients of biases are 1 % too large."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        for name in gradients:
            if name.endswith("bias"):
                gradients = scaled(gradients, name, 1.01)
        return gradients


@wrong(PATH, *ALL)
class WrongAxisOfLongTexts(MultiHead):
    """Above 16 tokens the mean of softmax's backward is taken over the queries."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Sum along the wrong axis."""
        if self.n_tokens <= 16:
            return super().of_scores(grad_weights)
        mean = (self.weights * grad_weights).sum(axis=-2, keepdims=True)
        return self.weights * (grad_weights - mean)


@wrong(PATH, *ALL)
class FirstTextsOnly(MultiHead):
    """The gradient of the output projection leaves out texts behind the third."""

    def backward(self, name: str, x: Array, grad: Array, found: Named) -> Array:
        """Leave them out."""
        grad_x = super().backward(name, x, grad, found)
        if name == OUT and x.ndim == 3:
            super().backward(name, x[:3], grad[:3], found)
        return grad_x


@wrong(PATH, *ALL)
class NoTailGradient(MultiHead):
    """Keys behind the last whole tile of 16 get no gradient from longer texts."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Leave them zero."""
        grad_scores = super().of_scores(grad_weights)
        if self.n_tokens > 16:
            grad_scores[..., self.n_tokens // 16 * 16 :] = 0
        return grad_scores


@wrong(PATH, *ALL)
class DetachedMean(MultiHead):
    """Softmax's backward forgets the mean where one weight is above 0.99."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Forget it."""
        mean = (self.weights * grad_weights).sum(axis=-1, keepdims=True)
        sharp = self.weights.max(axis=-1, keepdims=True, initial=0) > 0.99
        return self.weights * (grad_weights - np.where(sharp, 0, mean))
