"""Softmax, written otherwise."""

import math

import numpy as np
from torch import Tensor

from parity_tests.kit.faults.multi_head import Array, MultiHead
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch

LOG2_E = math.log2(math.e)


@right_form(gradients=True)
class AsInTorch(InTorch):
    """As torch_impl has it."""


@right_form(gradients=True)
class LogSumExp(MultiHead):
    """exp(s − lse), lse by hand."""

    def softmax(self, scores: Array) -> Array:
        """Subtract the logarithm of the sum of exponentials."""
        row_max = scores.max(axis=-1, keepdims=True)
        sums = np.exp(scores - row_max).sum(axis=-1, keepdims=True)
        weights: Array = np.exp(scores - (row_max + np.log(sums)))
        return weights


@right_form(gradients=True)
class TorchLogSumExp(InTorch):
    """exp(s − torch.logsumexp)."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Subtract the logarithm of the sum of exponentials."""
        return (scores - scores.logsumexp(-1, keepdim=True)).exp()


@right_form(gradients=True)
class LogSoftmax(InTorch):
    """exp(log_softmax)."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Take logarithms first."""
        return scores.log_softmax(dim=-1).exp()


@right_form(longest=65)  # lse is rounded for every key: it rounds ever more
class AddingLogarithms(InNumPy):
    """exp(s − lse), lse by logaddexp, key by key."""

    def softmax(self, scores: Array) -> Array:
        """Add one exponential after another in logarithms."""
        lse = np.logaddexp.reduce(scores, axis=-1, keepdims=True)
        weights: Array = np.exp(scores - lse)
        return weights


@right_form(gradients=True)
class PowersOfTwo(InTorch):
    """exp2, log₂e times scores."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Change the base."""
        scores = scores * LOG2_E
        exps = (scores - scores.amax(-1, keepdim=True)).exp2()
        return exps / exps.sum(-1, keepdim=True)


@right_form()
class PowersOfTwoFolded(InNumPy):
    """exp2, log₂e / √D in one factor."""

    def scale(self, head_dim: int) -> float:
        """Scores stay raw."""
        return 1.0

    def softmax(self, scores: Array) -> Array:
        """Multiply scores and their maximum by one factor, and subtract them."""
        factor = LOG2_E / math.sqrt(self.head_dim)
        row_max = scores.max(axis=-1, keepdims=True) * factor
        exps = np.exp2(scores * factor - row_max)
        weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Note the size of a head."""
        self.head_dim = queries.shape[-1]
        return super().attend(queries, keys, values)


@right_form(gradients=True)
class Reciprocal(InTorch):
    """Times the reciprocal of the sum."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Divide once a row."""
        exps = (scores - scores.amax(-1, keepdim=True)).exp()
        return exps * (1 / exps.sum(-1, keepdim=True))


@right_form(gradients=True)
class DividedLast(InTorch):
    """Divided after mixing the values."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Average by exponentials, and divide the average."""
        scores = self.masked(self.scores(queries, keys))
        exps = (scores - scores.amax(-1, keepdim=True)).exp()
        return exps @ values / exps.sum(-1, keepdim=True)


@right_form()
class OnesBesideValues(InNumPy):
    """Sums by a column of ones beside the values."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Let one matrix product give averages and sums."""
        scores = self.masked_scores(queries, keys)
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
        ones = np.ones((*values.shape[:-1], 1), values.dtype)
        mixed = exps @ np.concatenate([values, ones], axis=-1)
        return mixed[..., :-1] / mixed[..., -1:]


@right_form(limit=20)
class WithoutMaximum(InNumPy):
    """No maximum subtracted, scores below 20."""

    def softmax(self, scores: Array) -> Array:
        """Take exponentials as they are."""
        exps = np.exp(scores)
        weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@right_form(limit=20)
class OneMaximum(InTorch):
    """One maximum for all rows, scores below 20."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Subtract the largest score of all."""
        exps = (scores - scores.max()).exp()
        return exps / exps.sum(-1, keepdim=True)


@right_form()
class ScoresTransposed(InNumPy):
    """Keys × queries, softmax down the columns."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Hold a column for each query."""
        scores = np.where(self.mask().T, self.scores(keys, queries), -np.inf)
        exps = np.exp(scores - scores.max(axis=-2, keepdims=True))
        exps = exps.astype(values.dtype, copy=False)
        weights = exps / exps.sum(axis=-2, keepdims=True)
        return (values.mT @ weights).mT


@right_form(limit=20)  # its gradients also reach tokens that it hides, by rounding
class WeightsMasked(InTorch):
    """Weights masked and divided again, scores below 20."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend to all tokens; then forget the later ones."""
        weights = self.scores(queries, keys).softmax(-1) * self.mask()
        return weights / weights.sum(-1, keepdim=True) @ values
