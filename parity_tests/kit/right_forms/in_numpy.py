"""Attention in NumPy for forms that have no attention weights: only a forward pass."""

import numpy as np

from parity_tests.kit.faults.multi_head import KEY, OUT, QUERY, VALUE, Array, MultiHead


class InNumPy(MultiHead):
    """A form says how queries, keys and values give context vectors."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Average the values by their attention weights."""
        weights = self.softmax(self.masked_scores(queries, keys))
        return self.average(weights, values)

    def masked_scores(self, queries: Array, keys: Array) -> Array:
        """Multiply every query with every key, and hide later tokens."""
        scores = self.scores(queries, keys)
        return np.where(self.mask(), scores, scores.dtype.type(-np.inf))

    def projected(self) -> list[Array]:
        """Return queries, keys and values."""
        return [self.project(self.x, name) for name in (QUERY, KEY, VALUE)]

    def joined(self, heads: Array) -> Array:
        """Put the channels of all heads side by side, and project them."""
        context = self.join(heads)
        return self.project(context, OUT) if self.has_heads else context

    def forward(self) -> Array:
        """Attend."""
        return self.joined(self.attend(*map(self.split, self.projected())))
