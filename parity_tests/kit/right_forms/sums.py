"""Sums in another order, or with what was lost added again."""

import math

import numpy as np
import torch
from torch import Tensor

from parity_tests.kit.faults.multi_head import Array
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch


class Summed(InNumPy):
    """Sums of softmax, of averages and of projections, all by one rule."""

    def total(self, terms: Array) -> Array:
        """Add along the last axis."""
        return np.asarray(terms.sum(axis=-1))

    def dot(self, left: Array, right: Array) -> Array:
        """Multiply matrices, with the sums of this form."""
        return self.total(left[..., :, None, :] * right.mT[..., None, :, :])

    def project(self, x: Array, name: str) -> Array:
        """Multiply by one of the projections, and add its bias."""
        y = self.dot(x, self.parameters[f"{name}.weight"].T)
        return y + self.parameters.get(f"{name}.bias", x.dtype.type(0))

    def scores(self, queries: Array, keys: Array) -> Array:
        """Multiply every query with every key."""
        return self.dot(queries, keys.mT) * self.scale(queries.shape[-1])

    def softmax(self, scores: Array) -> Array:
        """Turn scores into attention weights."""
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights: Array = exps / self.total(exps)[..., None]
        return weights

    def average(self, weights: Array, values: Array) -> Array:
        """Average the values by their attention weights."""
        return self.dot(weights, values)


@right_form()
class Cumulative(Summed):
    """Cumulative sums."""

    def total(self, terms: Array) -> Array:
        """Take the last of the running sums."""
        return np.asarray(terms.cumsum(axis=-1)[..., -1])


@right_form()
class Backwards(Summed):
    """Sums from the last term to the first."""

    def total(self, terms: Array) -> Array:
        """Take the last of the running sums of the reversed terms."""
        return np.asarray(terms[..., ::-1].cumsum(axis=-1)[..., -1])


@right_form()
class Pairwise(Summed):
    """Pairwise sums."""

    def total(self, terms: Array) -> Array:
        """Add neighbours until one number is left."""
        while (n := terms.shape[-1]) > 1:
            last = terms[..., n - n % 2 :]
            pairs = terms[..., 0 : n - 1 : 2] + terms[..., 1:n:2]
            terms = np.concatenate([pairs, last], axis=-1)
        return terms[..., 0]


@right_form()
class Kahan(Summed):
    """Kahan sums."""

    def total(self, terms: Array) -> Array:
        """Add what the last addition lost."""
        total, lost = np.zeros_like(terms[..., 0]), np.zeros_like(terms[..., 0])
        for index in range(terms.shape[-1]):
            term = terms[..., index] - lost
            grown = total + term
            lost, total = (grown - total) - term, grown
        return total


@right_form()
class Sorted(Summed):
    """Sums from the smallest term to the largest."""

    def total(self, terms: Array) -> Array:
        """Sort by size, then add one after another."""
        order = np.abs(terms).argsort(axis=-1)
        ordered = np.take_along_axis(terms, order, axis=-1)
        return np.asarray(ordered.cumsum(axis=-1)[..., -1])


@right_form()
class LargestFirst(Summed):
    """Sums from the largest term to the smallest."""

    def total(self, terms: Array) -> Array:
        """Sort by size, then add one after another."""
        order = np.abs(terms).argsort(axis=-1)[..., ::-1]
        ordered = np.take_along_axis(terms, order, axis=-1)
        return np.asarray(ordered.cumsum(axis=-1)[..., -1])


@right_form()
class Einsum(InNumPy):
    """np.einsum."""

    def project(self, x: Array, name: str) -> Array:
        """Multiply by one of the projections, and add its bias."""
        y = np.einsum("...tc,dc->...td", x, self.parameters[f"{name}.weight"])
        return y + self.parameters.get(f"{name}.bias", x.dtype.type(0))

    def scores(self, queries: Array, keys: Array) -> Array:
        """Multiply every query with every key."""
        scores = np.einsum("...td,...sd->...ts", queries, keys)
        return np.asarray(scores * self.scale(queries.shape[-1]))

    def average(self, weights: Array, values: Array) -> Array:
        """Average the values by their attention weights."""
        return np.asarray(np.einsum("...ts,...sd->...td", weights, values))


@right_form(gradients=True)
class TorchEinsum(InTorch):
    """torch.einsum, heads in the last axis but one."""

    def forward(self) -> Tensor:
        """Attend without moving the heads."""
        queries, keys, values = (
            each.unflatten(-1, (self.n_heads, -1)) for each in self.projected()
        )
        scores = torch.einsum("...thd,...shd->...hts", queries, keys)
        scores = self.masked(scores / math.sqrt(queries.shape[-1]))
        context = torch.einsum("...hts,...shd->...thd", scores.softmax(-1), values)
        return self.joined(context.transpose(-3, -2))


@right_form(longest=16)
class Loops(InNumPy):
    """Loops over queries, keys and channels."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Fill the context vectors number by number, for all texts and heads."""
        context = np.zeros_like(queries)
        scale = self.scale(queries.shape[-1])
        for t in range(self.n_tokens):
            scores = []
            for s in range(t + 1):
                score = np.zeros_like(queries[..., 0, 0])
                for d in range(queries.shape[-1]):
                    score = score + queries[..., t, d] * keys[..., s, d]
                scores.append(score * scale)
            highest = scores[0]
            for score in scores:
                highest = np.maximum(highest, score)
            exps = [np.exp(score - highest) for score in scores]
            total = sum(exps[1:], exps[0])
            for s, exp in enumerate(exps):
                context[..., t, :] += (exp / total)[..., None] * values[..., s, :]
        return context
