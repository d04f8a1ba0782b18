"""The scale 1/√D at other places."""

import math

import numpy as np
from torch import Tensor

from parity_tests.kit.faults.multi_head import QUERY, Array
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch


@right_form(gradients=True)
class ScaledBoth(InTorch):
    """√scale on queries and on keys."""

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Divide each by the fourth root of the head's size."""
        root = queries.shape[-1] ** 0.25
        return (queries / root) @ (keys / root).mT


@right_form(gradients=True)
class ScaledQueries(InTorch):
    """Scale on queries first."""

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Multiply queries before the product."""
        return (queries * queries.shape[-1] ** -0.5) @ keys.mT


@right_form(gradients=True)
class ScaledKeys(InTorch):
    """Scale on keys first."""

    def scores(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Divide keys before the product."""
        return queries @ (keys / math.sqrt(keys.shape[-1])).mT


@right_form()
class ScaledProjection(InNumPy):
    """Scale in the parameters of the queries."""

    def project(self, x: Array, name: str) -> Array:
        """Multiply weights and bias of the queries."""
        weight = self.parameters[f"{name}.weight"]
        factor = self.scale(len(weight) // self.n_heads) if name == QUERY else 1.0
        y: Array = x @ (weight * factor).T
        return y + self.parameters.get(f"{name}.bias", x.dtype.type(0)) * factor

    def scores(self, queries: Array, keys: Array) -> Array:
        """Multiply what is scaled already."""
        scores: Array = queries @ keys.mT
        return scores


@right_form()
class ScaledAfterMaximum(InNumPy):
    """Scale after the maximum is subtracted."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Subtract the largest raw score, and multiply inside of exp."""
        raw = queries @ keys.mT
        raw = np.where(self.mask(), raw, raw.dtype.type(-np.inf))
        raw = raw - raw.max(axis=-1, keepdims=True)
        exps = np.exp(raw * self.scale(queries.shape[-1]))
        weights = exps / exps.sum(axis=-1, keepdims=True)
        return self.average(weights, values)


@right_form()
class ScaledInTwoSteps(InNumPy):
    """Scores divided by √D, as √√D twice."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Divide twice."""
        root = queries.shape[-1] ** 0.25
        scores: Array = queries @ keys.mT / root / root
        return scores
