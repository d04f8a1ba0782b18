"""The causal mask, put on otherwise."""

import math

import numpy as np
import torch
from torch import Tensor

from parity_tests.kit.faults.multi_head import Array
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch


@right_form(gradients=True)
class MaskAdded(InTorch):
    """−inf added."""

    fill = -math.inf

    def masked(self, scores: Tensor) -> Tensor:
        """Add zero, or the fill."""
        bias = torch.zeros(self.mask().shape, dtype=scores.dtype)
        return scores + bias.masked_fill(~self.mask(), self.fill)


@right_form(limit=1e8)
class LargeAdded(MaskAdded):
    """−10⁹ added, scores below 10⁸."""

    fill = -1e9


@right_form()
class LowestAdded(InNumPy):
    """The lowest number added."""

    def masked_scores(self, queries: Array, keys: Array) -> Array:
        """Add the lowest number, or nothing; a sum below it is -inf."""
        scores = self.scores(queries, keys)
        lowest = np.finfo(scores.dtype).min
        with np.errstate(over="ignore"):
            masked: Array = scores + np.where(self.mask(), scores.dtype.type(0), lowest)
        return masked


@right_form(limit=5e3)
class FilledWithThousands(InTorch):
    """−10⁴ for −inf, scores below 5,000."""

    fill = -1e4

    def masked(self, scores: Tensor) -> Tensor:
        """Fill in a finite number."""
        return scores.masked_fill(~self.mask(), self.fill)


@right_form(limit=1e8, gradients=True)
class FilledWithLarge(FilledWithThousands):
    """−10⁹ for −inf, scores below 10⁸."""

    fill = -1e9


@right_form(gradients=True)
class FilledWithLowest(InTorch):
    """finfo.min for −inf."""

    def masked(self, scores: Tensor) -> Tensor:
        """Fill in the lowest number."""
        return scores.masked_fill(~self.mask(), torch.finfo(scores.dtype).min)


@right_form()
class ExpsMasked(InNumPy):
    """Exponentials times the mask."""

    def softmax(self, scores: Array) -> Array:
        """Hold masked exponentials at zero, and mind no infinity."""
        seen = self.mask().astype(scores.dtype)
        finite = np.where(np.isfinite(scores), scores, 0)
        exps = np.exp(np.minimum(finite - scores.max(axis=-1, keepdims=True), 0)) * seen
        weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights


@right_form()
class Prefixes(InNumPy):
    """No mask: each query with the keys up to its own."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Attend from the end of each prefix."""
        context = np.empty_like(queries)
        for t in range(1, self.n_tokens + 1):
            row = self.softmax(
                self.scores(queries[..., t - 1 : t, :], keys[..., :t, :])
            )
            context[..., t - 1 : t, :] = row @ values[..., :t, :]
        return context
