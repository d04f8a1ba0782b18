"""Gradients by other formulas, with the forward pass of the reference."""

import numpy as np

from parity_tests.kit.faults.multi_head import (
    KEY,
    OUT,
    QUERY,
    VALUE,
    Array,
    MultiHead,
    Named,
)
from parity_tests.kit.right_forms import right_form


@right_form(gradients=True)
class AsInTheReference(MultiHead):
    """As the reference has it."""


@right_form(gradients=True)
class ByDelta(MultiHead):
    """By delta: Σ dO·O for Σ w dw."""

    def gradients(self, grad_output: Array) -> Named:
        """Find delta from what came out."""
        grad_context, context = grad_output, self.context
        if self.has_heads:
            grad_context = grad_output @ self.parameters[f"{OUT}.weight"]
        by_head = (self.split(grad_context), self.split(context))
        self.delta = (by_head[0] * by_head[1]).sum(axis=-1, keepdims=True)
        return super().gradients(grad_output)

    def of_scores(self, grad_weights: Array) -> Array:
        """Subtract delta."""
        grad_scores: Array = self.weights * (grad_weights - self.delta)
        return grad_scores


@right_form(gradients=True)
class Recomputed(ByDelta):
    """By delta, exp(s − lse) with s recomputed in another order."""

    def softmax(self, scores: Array) -> Array:
        """Remember lse."""
        row_max = scores.max(axis=-1, keepdims=True)
        sums = np.exp(scores - row_max).sum(axis=-1, keepdims=True)
        self.lse = row_max + np.log(sums)
        return super().softmax(scores)

    def gradients(self, grad_output: Array) -> Named:
        """Score again, with the scale on queries first, and find the weights."""
        queries = self.queries * self.scale(self.keys.shape[-1])
        scores = (self.keys @ queries.mT).mT
        scores = np.where(self.mask(), scores, scores.dtype.type(-np.inf))
        self.weights = np.exp(scores - self.lse)
        return super().gradients(grad_output)


@right_form(gradients=True, longest=65)
class ByJacobian(MultiHead):
    """By the Jacobian diag(w) − w wᵀ."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Multiply each row by its Jacobian."""
        w = self.weights
        jacobian = w[..., :, None] * np.eye(w.shape[-1], dtype=w.dtype)
        jacobian = jacobian - w[..., :, None] * w[..., None, :]
        grad_scores: Array = (jacobian @ grad_weights[..., None])[..., 0]
        return grad_scores


@right_form(gradients=True)
class WeightedApart(MultiHead):
    """w dw − w Σ w dw, each product rounded."""

    def of_scores(self, grad_weights: Array) -> Array:
        """Multiply before subtracting."""
        weighted = self.weights * grad_weights
        grad_scores: Array = weighted - self.weights * weighted.sum(-1, keepdims=True)
        return grad_scores


@right_form(gradients=True)
class SplitByHead(MultiHead):
    """Gradients of x split by head, then added up."""

    def backward(self, name: str, x: Array, grad: Array, found: Named) -> Array:
        """Give each head its rows of a projection."""
        if name == OUT or self.n_heads == 1:
            return super().backward(name, x, grad, found)
        super().backward(name, x, grad, found)
        rows = np.split(self.parameters[f"{name}.weight"], self.n_heads)
        shares = np.split(grad, self.n_heads, axis=-1)
        each = [share @ weight for share, weight in zip(shares, rows, strict=True)]
        grad_x: Array = sum(each[1:], each[0])
        return grad_x


@right_form(gradients=True, longest=65)
class SplitByToken(MultiHead):
    """Gradients of parameters added up token by token."""

    def backward(self, name: str, x: Array, grad: Array, found: Named) -> Array:
        """Add an outer product for each token."""
        weight = self.parameters[f"{name}.weight"]
        total, of_bias = np.zeros_like(weight), np.zeros_like(weight[:, 0])
        rows, grad_rows = (each.reshape(-1, each.shape[-1]) for each in (x, grad))
        for row, grad_row in zip(rows, grad_rows, strict=True):
            total += grad_row[:, None] * row
            of_bias += grad_row
        found[f"{name}.weight"] = total
        if f"{name}.bias" in self.parameters:
            found[f"{name}.bias"] = of_bias
        grad_x: Array = grad @ weight
        return grad_x


@right_form(gradients=True)
class InBlocks(ByDelta):
    """By delta, keys in blocks of 4, queries' gradients added up."""

    def gradients(self, grad_output: Array) -> Named:
        """Find the usual ones, and then those that pass through scores in blocks."""
        found = super().gradients(grad_output)
        grad_context = grad_output
        if self.has_heads:
            grad_context = grad_output @ self.parameters[f"{OUT}.weight"]
        heads = self.block_by_block(self.split(grad_context))
        parts = [
            self.backward(name, self.x, self.join(grad), found)
            for name, grad in zip((QUERY, KEY, VALUE), heads, strict=True)
        ]
        found["x"] = (parts[0] + parts[1]) + parts[2]
        return found

    def block_by_block(self, grad_context: Array) -> list[Array]:
        """Return the gradients of queries, keys and values."""
        scale = self.scale(self.queries.shape[-1])
        grad_queries = np.zeros_like(self.queries)
        grad_keys, grad_values = np.empty_like(self.keys), np.empty_like(self.values)
        for start in range(0, self.n_tokens, 4):
            block = (..., slice(start, start + 4), slice(None))
            weights = self.weights[..., start : start + 4]
            grad_weights = grad_context @ self.values[block].mT
            grad_scores = weights * (grad_weights - self.delta) * scale
            grad_values[block] = weights.mT @ grad_context
            grad_keys[block] = grad_scores.mT @ self.queries
            grad_queries += grad_scores @ self.keys[block]
        return [grad_queries, grad_keys, grad_values]
