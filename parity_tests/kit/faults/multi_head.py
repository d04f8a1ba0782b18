"""Multi-head attention in NumPy with its gradients, in steps that a fault overrides.

It stands for causal attention too: one head, and no projection after it.
"""

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Named = dict[str, Any]
MULTI_HEAD, CAUSAL = "attention/multi_head", "attention/causal"
FORWARD, ALL = ("leading_axes",), ("leading_axes", "gradients", "dropout")
QUERY, KEY, VALUE, OUT = "W_query", "W_key", "W_value", "out_proj"


class MultiHead:
    """Calling the class runs it, as a function is run."""

    def __new__(cls, inputs: Named, parameters: Named, config: Named) -> Any:
        """Return what comes out, or the gradients if they are asked for."""
        self = super().__new__(cls)
        self.parameters = {n: self.read(array) for n, array in parameters.items()}
        self.config, self.inputs = config, inputs
        self.x = self.read(inputs["x"])
        self.n_tokens, self.d_in = self.x.shape[-2:]
        output = self.finished(self.forward())
        if "grad_output" not in inputs:
            return output
        return self.gradients(inputs["grad_output"])

    parameters: Named
    config: Named
    inputs: Named
    x: Array
    n_tokens: int
    d_in: int

    @property
    def n_heads(self) -> int:
        """The number of heads."""
        return int(self.config.get("num_heads", 1))

    @property
    def has_heads(self) -> bool:
        """Whether there are heads, and a projection after them."""
        return f"{OUT}.weight" in self.parameters

    def read(self, array: Array) -> Array:
        """Take an array as it comes."""
        return array

    def project(self, x: Array, name: str) -> Array:
        """Multiply by one of the projections, and add its bias."""
        y: Array = x @ self.parameters[f"{name}.weight"].T
        return y + self.parameters.get(f"{name}.bias", x.dtype.type(0))

    def split(self, channels: Array) -> Array:
        """Put the heads before the tokens."""
        *rows, width = channels.shape
        by_head = channels.reshape(*rows, self.n_heads, width // self.n_heads)
        return by_head.swapaxes(-3, -2)

    def join(self, heads: Array) -> Array:
        """Put the channels of all heads side by side."""
        *batch, n_heads, n_tokens, dim = heads.shape
        return heads.swapaxes(-3, -2).reshape(*batch, n_tokens, n_heads * dim)

    def scale(self, head_dim: int) -> float:
        """Return 1/√D."""
        return 1 / math.sqrt(head_dim)

    def scores(self, queries: Array, keys: Array) -> Array:
        """Multiply every query with every key."""
        scores: Array = queries @ keys.mT * self.scale(queries.shape[-1])
        return scores

    def mask(self) -> Array:
        """Let a token attend to itself and to earlier ones."""
        return np.tri(self.n_tokens, dtype=bool)

    def fill(self, dtype: Any) -> float:
        """Return what masked scores become."""
        return -np.inf

    def softmax(self, scores: Array) -> Array:
        """Turn scores into attention weights."""
        row_max = scores.max(axis=-1, keepdims=True, initial=-np.inf)
        exps = np.exp(scores - row_max)
        weights: Array = exps / exps.sum(axis=-1, keepdims=True)
        return weights

    def average(self, weights: Array, values: Array) -> Array:
        """Average the values by their attention weights."""
        context: Array = weights @ values
        return context

    def finished(self, output: Array) -> Array:
        """Return what comes out."""
        return output

    def dropout(self) -> Any:
        """Return what the attention weights are multiplied by: dropout."""
        if "keep" not in self.inputs:
            return self.x.dtype.type(1)
        p = self.config["dropout"]
        keep_scale = self.x.dtype.type(1 / (1 - p) if p < 1 else 0)
        keep = self.inputs["keep"]
        return (keep if self.has_heads else keep[..., None, :, :]) * keep_scale

    def forward(self) -> Array:
        """Attend."""
        names = (QUERY, KEY, VALUE)
        heads = [self.split(self.project(self.x, name)) for name in names]
        self.queries, self.keys, self.values = heads
        attn_scores, fill = self.scores(self.queries, self.keys), self.fill(heads)
        masked = np.where(self.mask(), attn_scores, attn_scores.dtype.type(fill))
        self.weights = self.softmax(masked)
        context = self.average(self.weights * self.dropout(), self.values)
        self.context = self.join(context)
        return self.project(self.context, OUT) if self.has_heads else self.context

    def of_scores(self, grad_weights: Array) -> Array:
        """Go backward through softmax."""
        mean = (self.weights * grad_weights).sum(axis=-1, keepdims=True)
        grad_scores: Array = self.weights * (grad_weights - mean)
        return grad_scores

    def gradients(self, grad_output: Array) -> Named:
        """Go backward from the gradient of the output."""
        found: Named = {}
        if self.has_heads:
            grad_output = self.backward(OUT, self.context, grad_output, found)
        grad_context = self.split(grad_output)
        grad_values = (self.weights * self.dropout()).mT @ grad_context
        grad_scores = self.of_scores(grad_context @ self.values.mT * self.dropout())
        grad_scores = grad_scores * self.scale(self.queries.shape[-1])
        heads = (grad_scores @ self.keys, grad_scores.mT @ self.queries, grad_values)
        parts = [
            self.backward(name, self.x, self.join(grad.astype(self.x.dtype)), found)
            for name, grad in zip((QUERY, KEY, VALUE), heads, strict=True)
        ]
        found["x"] = parts[0] + parts[1] + parts[2]
        return self.changed(found)

    def backward(self, name: str, x: Array, grad: Array, found: Named) -> Array:
        """Go backward through a projection."""
        rows, grad_rows = (each.reshape(-1, each.shape[-1]) for each in (x, grad))
        found[f"{name}.weight"] = grad_rows.T @ rows
        if f"{name}.bias" in self.parameters:
            found[f"{name}.bias"] = grad_rows.sum(axis=0)
        grad_x: Array = grad @ self.parameters[f"{name}.weight"]
        return grad_x

    def changed(self, gradients: Named) -> Named:
        """Return the gradients."""
        return gradients
