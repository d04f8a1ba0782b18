"""Dropout: in training, numbers are zeroed at random, and the others scaled up.

Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from
        Overfitting", in the form that scales in training, so that nothing is left to
        do in evaluation.
Twin:   torch.nn.Dropout
"""

import numpy as np
from jaxtyping import Float

from reference.module import Module
from reference.tape import NO_TAPE, Tape


class Dropout(Module):
    """Keep each number with probability 1 - p, times 1 / (1 - p); else make it 0.

    So the expected value does not change. p = 1 gives zeros. In evaluation nothing
    happens. Differs from PyTorch in what is drawn: NumPy has another generator.

    >>> Dropout(0.5).eval()(np.array([3.0, 4.0]))
    array([3., 4.])
    >>> Dropout(1.0)(np.array([3.0, 4.0]))
    array([0., 0.])
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | None = None):
        if not 0 <= p <= 1:
            raise ValueError(
                f"dropout probability has to be between 0 and 1, but got {p}"
            )
        self.p = p
        self.rng = rng or np.random.default_rng()

    def forward(
        self, x: Float[np.ndarray, "..."], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "..."]:
        """Drop numbers, if in training."""
        # 1. Keep mask: draw which numbers are kept, each with probability 1 - p.
        p = self.p if self.training else 0.0
        keep = self.rng.random(x.shape) >= p if p > 0 else np.ones(x.shape, bool)

        # 2. Scale: what is kept counts 1 / (1 - p) times.
        keep_scale = 1 / (1 - p) if p < 1 else 0.0
        dropped = x * keep * keep_scale
        tape.save(self, dropped, keep=keep, keep_scale=keep_scale)
        return dropped

    def backward(
        self, grad_dropped: Float[np.ndarray, "..."], tape: Tape
    ) -> Float[np.ndarray, "..."]:
        """Return the gradient of the input: zero where it was dropped."""
        saved = tape.restore(self, grad_dropped)

        # 2. dropped = x * keep * keep_scale, entry by entry.
        grad_x = grad_dropped * saved.keep * saved.keep_scale
        return grad_x
