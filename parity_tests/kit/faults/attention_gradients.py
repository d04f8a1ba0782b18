"""Attention whose gradients are wrong."""

import numpy as np

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.multi_head import (
    ALL,
    CAUSAL,
    MULTI_HEAD,
    OUT,
    QUERY,
    Array,
    MultiHead,
    Named,
)


def scaled(gradients: Named, name: str, factor: float) -> Named:
    """Multiply one gradient."""
    gradient = gradients[name]
    return gradients | {name: gradient * gradient.dtype.type(factor)}


@wrong(MULTI_HEAD, *ALL)
class QueryOnePercent(MultiHead):
    """In float32 the gradient of W_query is 1 % too large."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        factor = 1.01 if self.x.dtype == np.float32 else 1.0
        return scaled(gradients, f"{QUERY}.weight", factor)


@wrong(MULTI_HEAD, *ALL)
class QueryLastDigits(MultiHead):
    """In float32 the gradient of W_query is too large by 1e-5 of it."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        factor = 1 + 1e-5 if self.x.dtype == np.float32 else 1.0
        return scaled(gradients, f"{QUERY}.weight", factor)


@wrong(CAUSAL, *ALL)
class CausalQueryLastDigits(QueryLastDigits):
    """In float32 the gradient of W_query is too large by 1e-5 of it."""


@wrong(MULTI_HEAD, *ALL)
class HeadThreeGradient(MultiHead):
    """The gradient of W_query is 1 % too large in the head at index 3."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        gradient = gradients[f"{QUERY}.weight"]
        size = len(gradient) // self.n_heads
        gradient[3 * size : 4 * size] *= gradient.dtype.type(1.01)
        return gradients


@wrong(MULTI_HEAD, *ALL)
class BiasOnePercent(MultiHead):
    """The gradients of biases are 1 % too large."""

    def changed(self, gradients: Named) -> Named:
        """Enlarge it."""
        for name in gradients:
            if name.endswith("bias"):
                gradients = scaled(gradients, name, 1.01)
        return gradients


@wrong(MULTI_HEAD, *ALL)
class WrongAxisOfLongTexts(MultiHead):
    """Above 16 tokens the mean of softmax's backward is taken over the queries."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Sum along the wrong axis."""
        if self.n_tokens <= 16:
            return super().of_scores(grad_weights)
        mean = (self.weights * grad_weights).sum(axis=-2, keepdims=True)
        return self.weights * (grad_weights - mean)


@wrong(MULTI_HEAD, *ALL)
class FirstTextsOnly(MultiHead):
    """The gradient of the output projection leaves out texts behind the third."""

    def backward(self, name: str, x: Array, grad: Array, found: Named) -> Array:
        """Leave them out."""
        grad_x = super().backward(name, x, grad, found)
        if name == OUT and x.ndim == 3:
            super().backward(name, x[:3], grad[:3], found)
        return grad_x


@wrong(MULTI_HEAD, *ALL)
class NoTailGradient(MultiHead):
    """Keys behind the last whole tile of 16 get no gradient from longer texts."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Leave them zero."""
        grad_scores = super().of_scores(grad_weights)
        if self.n_tokens > 16:
            grad_scores[..., self.n_tokens // 16 * 16 :] = 0
        return grad_scores


@wrong(MULTI_HEAD, *ALL)
class DetachedMean(MultiHead):
    """Softmax's backward forgets the mean where one weight is above 0.99."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Forget it."""
        mean = (self.weights * grad_weights).sum(axis=-1, keepdims=True)
        sharp = self.weights.max(axis=-1, keepdims=True, initial=0) > 0.99
        return self.weights * (grad_weights - np.where(sharp, 0, mean))
