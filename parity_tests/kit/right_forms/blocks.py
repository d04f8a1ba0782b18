"""Keys in blocks, with a running maximum, a running sum and a running average."""

import numpy as np
import torch
from torch import Tensor

from parity_tests.kit.faults.multi_head import Array, MultiHead
from parity_tests.kit.right_forms import right_form
from parity_tests.kit.right_forms.in_numpy import InNumPy
from parity_tests.kit.right_forms.in_torch import InTorch


class Blocked(InNumPy):
    """Blocks of `size` keys; what was found is rescaled from block to block."""

    size = 1

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Go through the blocks."""
        scores = self.masked_scores(queries, keys)
        row_max = np.full((*scores.shape[:-1], 1), -np.inf, scores.dtype)
        sums, context = np.zeros_like(row_max), np.zeros_like(queries)
        for start in range(0, self.n_tokens, self.size):
            block = slice(start, start + self.size)
            higher = np.maximum(row_max, scores[..., block].max(-1, keepdims=True))
            shrink = np.exp(row_max - higher)
            exps = np.exp(scores[..., block] - higher)
            sums = sums * shrink + exps.sum(axis=-1, keepdims=True)
            context = context * shrink + exps @ values[..., block, :]
            row_max = higher
        averages: Array = context / sums
        return averages


@right_form()
class Online(Blocked):
    """Online softmax, key by key."""


@right_form()
class BlocksOf2(Blocked):
    """Blocks of 2 keys."""

    size = 2


@right_form()
class BlocksOf5(Blocked):
    """Blocks of 5 keys."""

    size = 5


@right_form()
class BlocksOf16(Blocked):
    """Blocks of 16 keys."""

    size = 16


@right_form(gradients=True)
class TwoPasses(MultiHead):
    """Maxima and sums in blocks of 4, then weights."""

    def softmax(self, scores: Array) -> Array:
        """Find the maximum and the sum of each row block by block."""
        row_max = np.full((*scores.shape[:-1], 1), -np.inf, scores.dtype)
        sums = np.zeros_like(row_max)
        for start in range(0, scores.shape[-1], 4):
            block = scores[..., start : start + 4]
            higher = np.maximum(row_max, block.max(axis=-1, keepdims=True))
            exps = np.exp(block - higher)
            sums = sums * np.exp(row_max - higher) + exps.sum(axis=-1, keepdims=True)
            row_max = higher
        weights: Array = np.exp(scores - row_max) / sums
        return weights


@right_form(gradients=True, longest=129)
class TorchOnline(InTorch):
    """Online softmax, key by key, PyTorch."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Go through the keys."""
        scores = self.masked(self.scores(queries, keys))
        highest = scores[..., :1]
        total, context = torch.ones_like(highest), 1.0 * values[..., :1, :]
        for s in range(1, keys.shape[-2]):
            score = scores[..., s : s + 1]
            new = torch.maximum(highest, score)
            shrink, weight = (highest - new).exp(), (score - new).exp()
            total = total * shrink + weight
            context = context * shrink + weight * values[..., s : s + 1, :]
            highest = new
        return context / total


@right_form()
class NormalisedBlocks(InNumPy):
    """Blocks of 4 keys, each averaged, merged by their lse."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Average each block by itself; weigh the averages by the sums of exps."""
        scores = self.masked_scores(queries, keys)
        averages, lses = [], []
        for start in range(0, self.n_tokens, 4):
            block = scores[..., start : start + 4]
            row_max = block.max(axis=-1, keepdims=True)
            row_max = np.where(np.isfinite(row_max), row_max, block.dtype.type(0))
            exps = np.exp(block - row_max)
            sums = exps.sum(axis=-1, keepdims=True)
            mixed = exps @ values[..., start : start + 4, :]
            averages.append(mixed / np.where(sums == 0, block.dtype.type(1), sums))
            with np.errstate(divide="ignore"):
                lses.append(row_max + np.log(sums))
        of_blocks = np.stack(lses)
        shares = np.exp(of_blocks - of_blocks.max(axis=0))
        total: Array = (shares / shares.sum(axis=0) * np.stack(averages)).sum(axis=0)
        return total


@right_form()
class QueriesInBlocks(InNumPy):
    """Queries in blocks of 3, each with the keys it may see."""

    def attend(self, queries: Array, keys: Array, values: Array) -> Array:
        """Let no block look beyond its last query."""
        context = np.empty_like(queries)
        for start in range(0, self.n_tokens, 3):
            end = min(start + 3, self.n_tokens)
            rows = self.scores(queries[..., start:end, :], keys[..., :end, :])
            hidden = ~self.mask()[start:end, :end]
            rows = np.where(hidden, rows.dtype.type(-np.inf), rows)
            weights = self.softmax(rows)
            context[..., start:end, :] = weights @ values[..., :end, :]
        return context
