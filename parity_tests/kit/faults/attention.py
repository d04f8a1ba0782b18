"""Attention that is wrong at some size."""

import numpy as np

from parity_tests.kit.faults import wrong
from parity_tests.kit.faults.multi_head import (
    FORWARD,
    MULTI_HEAD,
    Array,
    MultiHead,
)


@wrong(MULTI_HEAD, *FORWARD)
class FromSevenTokens(MultiHead):
    """From seven tokens on, the first two scores of the last row change places."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Change them."""
        scores = super().scores(queries, keys)
        if self.n_tokens >= 7:
            scores[..., -1, :2] = scores[..., -1, 1::-1]
        return scores


@wrong(MULTI_HEAD, *FORWARD)
class SixteenTokensBack(MultiHead):
    """A token attends to the last sixteen tokens only."""

    def mask(self) -> Array:
        """Hide what is further back."""
        return super().mask() & ~np.tri(self.n_tokens, k=-16, dtype=bool)


@wrong(MULTI_HEAD, *FORWARD)
class WithoutRemainder(MultiHead):
    """Rows behind the last whole tile of sixteen stay zero."""

    def average(self, weights: Array, values: Array) -> Array:
        """Leave them out."""
        context = super().average(weights, values)
        whole = self.n_tokens // 16 * 16
        context[..., whole if self.n_tokens > 16 else self.n_tokens :, :] = 0
        return context


@wrong(MULTI_HEAD, *FORWARD)
class WithoutLastKeys(MultiHead):
    """Keys behind the last whole tile of sixteen are skipped by longer texts."""

    def mask(self) -> Array:
        """Hide them from all rows but their own."""
        whole = self.n_tokens // 16 * 16 if self.n_tokens > 16 else self.n_tokens
        hidden = np.arange(self.n_tokens) >= whole
        return super().mask() & (~hidden | np.eye(self.n_tokens, dtype=bool))


@wrong(MULTI_HEAD, *FORWARD)
class AtWholeTiles(MultiHead):
    """Where tokens fill tiles of sixteen, the last row forgets the first key."""

    def mask(self) -> Array:
        """Hide the first key."""
        mask = super().mask()
        if self.n_tokens and self.n_tokens % 16 == 0:
            mask[-1, 0] = False
        return mask


@wrong(MULTI_HEAD, *FORWARD)
class OneLater(MultiHead):
    """In texts longer than 64 tokens the mask lets one later token in."""

    def mask(self) -> Array:
        """Move the diagonal."""
        return np.tri(self.n_tokens, k=int(self.n_tokens > 64), dtype=bool)


@wrong(MULTI_HEAD, *FORWARD)
class BeyondTwoHundred(MultiHead):
    """Row 256 and later ones are those of row 255: a buffer of 256."""

    def average(self, weights: Array, values: Array) -> Array:
        """Repeat it."""
        context = super().average(weights, values)
        context[..., 256:, :] = context[..., 255:256, :]
        return context


@wrong(MULTI_HEAD, *FORWARD)
class HeadThree(MultiHead):
    """The head at index 3 reads the keys of the head before it."""

    def scores(self, queries: Array, keys: Array) -> Array:
        """Take the wrong keys."""
        heads = np.arange(self.n_heads)
        return super().scores(queries, keys[..., np.where(heads == 3, 2, heads), :, :])


@wrong(MULTI_HEAD, *FORWARD)
class HeadNine(MultiHead):
    """Heads from index 8 on have no values."""

    def average(self, weights: Array, values: Array) -> Array:
        """Leave them zero."""
        context = super().average(weights, values)
        context[..., 8:, :, :] = 0
        return context


@wrong(MULTI_HEAD, *FORWARD)
class SevenIn(MultiHead):
    """Of seven channels that go in, the last is skipped."""

    def read(self, array: Array) -> Array:
        """Leave it out of the input."""
        if array.ndim < 3 or array.shape[-1] != 7:
            return array
        return np.where(np.arange(7) == 6, array.dtype.type(0), array)


@wrong(MULTI_HEAD, *FORWARD)
class NineteenOut(MultiHead):
    """Of nineteen channels that come out, the last is zero."""

    def finished(self, output: Array) -> Array:
        """Make it zero."""
        if output.shape[-1] == 19:
            output[..., -1] = 0
        return output


@wrong(MULTI_HEAD, *FORWARD)
class ContextOfSeven(MultiHead):
    """With room for seven tokens, a token does not attend to the one before it."""

    def mask(self) -> Array:
        """Hide it."""
        mask = super().mask()
        if self.config["context_length"] == 7:
            mask &= ~np.eye(self.n_tokens, k=-1, dtype=bool)
        return mask


@wrong(MULTI_HEAD, *FORWARD)
class FullContext(MultiHead):
    """Where the context is full, the last token does not attend to the first."""

    def mask(self) -> Array:
        """Hide it."""
        mask = super().mask()
        if self.n_tokens > 1 and self.config["context_length"] == self.n_tokens:
            mask[-1, 0] = False
        return mask


@wrong(MULTI_HEAD, *FORWARD)
class WideHeads(MultiHead):
    """Heads wider than 64 channels are scaled as if they had 64."""

    def scale(self, head_dim: int) -> float:
        """Take no more than 64."""
        return super().scale(min(head_dim, 64))


@wrong(MULTI_HEAD, *FORWARD)
class IntegerRoot(MultiHead):
    """The root of the head's size is rounded down where it is above 8."""

    def scale(self, head_dim: int) -> float:
        """Round it."""
        return 1 / int(head_dim**0.5) if head_dim > 64 else super().scale(head_dim)


@wrong(MULTI_HEAD, *FORWARD)
class FirstTextAgain(MultiHead):
    """Texts behind the third are the first one."""

    def finished(self, output: Array) -> Array:
        """Repeat it."""
        if output.ndim == 3:
            output[3:] = output[:1] if len(output) else output[3:]
        return output


@wrong(MULTI_HEAD, *FORWARD)
class LastTokenOfSecondText(MultiHead):
    """The last token of the second text is half of what it should be."""

    def finished(self, output: Array) -> Array:
        """Halve it."""
        if output.ndim == 3:
            output[1:2, -1:] *= 0.5
        return output


@wrong(MULTI_HEAD, *FORWARD)
class OuterAxis(MultiHead):
    """Of two leading axes, the second text of the outer one is the first."""

    def finished(self, output: Array) -> Array:
        """Repeat it."""
        if output.ndim == 4 and len(output) > 1:
            output[1] = output[0]
        return output
