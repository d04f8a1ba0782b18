"""More digits inside than come out."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from parity_tests.kit.faults.multi_head import Array, MultiHead, Named
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_torch import InTorch


class Wide(MultiHead):
    """All is computed in another precision, and rounded at the end."""

    precision: Any = np.float64

    def read(self, array: Array) -> Array:
        """Widen what comes in."""
        return array.astype(self.precision)

    def finished(self, output: Array) -> Array:
        """Round what comes out."""
        return output.astype(self.inputs["x"].dtype)

    def changed(self, gradients: Named) -> Named:
        """Round the gradients."""
        return {name: self.finished(array) for name, array in gradients.items()}


@right_form(gradients=True)
class InFloat64(Wide):
    """float64 inside."""


@right_form(gradients=True, longest=65)
class InLongDouble(Wide):
    """Long double inside."""

    precision = np.longdouble


@right_form(gradients=True)
class SoftmaxInFloat64(InTorch):
    """float64 inside of softmax only."""

    def softmax(self, scores: Tensor) -> Tensor:
        """Widen, and round the weights."""
        return scores.softmax(dim=-1, dtype=torch.float64).to(scores.dtype)


@right_form()
class SumsInLongDouble(MultiHead):
    """Sums of exponentials in long double."""

    def softmax(self, scores: Array) -> Array:
        """Widen the sums."""
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
        sums = exps.sum(axis=-1, keepdims=True, dtype=np.longdouble)
        return (exps / sums).astype(scores.dtype)
