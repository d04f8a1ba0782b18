"""Sinusoidal encoding: sines and cosines of the position, added to every token.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5.
Twin:   torch_impl/positions/sinusoidal.py
"""

import numpy as np
from jaxtyping import Float, Integer

from reference.module import Module, check_input, check_sizes
from reference.positions.rotary import (
    check_positions,
    cosines_and_sines,
    rotary_frequencies,
)
from reference.tape import NO_TAPE, Tape


class SinusoidalEncoding(Module):
    """Add sin(p · ω_i) to channel 2i and cos(p · ω_i) to 2i + 1, ω_i = θ^(-2i/C).

    Moving on by k tokens turns each pair by the same angle, wherever it begins: that is
    what RotaryEmbedding does to queries and keys themselves. Angles are computed in
    float64. Differs from the authors' own code and from fairseq, where all sines come
    first, and frequencies go down to 1/θ itself: θ^(-i / (C/2 - 1)). The paper scales
    embeddings by √C before it adds; that is left to the caller.

    At position 0 all sines are 0, and all cosines 1.

    >>> SinusoidalEncoding(4)(np.zeros((2, 4))).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]])
    """

    def __init__(self, dim: int, theta: float = 10_000.0):
        check_sizes(dim=dim)
        if dim % 2:
            raise ValueError(f"dim must be even, got {dim}")
        self.dim, self.frequencies = dim, rotary_frequencies(dim, theta)

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        positions: Integer[np.ndarray, "*P T"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> Float[np.ndarray, "*B T C"]:
        """Add the encoding of positions: 0, 1, 2, … unless they are given.

        Raises:
            TypeError: positions are no integers.
            ValueError: shapes do not fit.
        """
        check_input(x, self.dim)
        check_positions(positions, x.shape[:-1])

        # 1. Positions: those given, or 0, 1, 2, ….
        counted = np.arange(x.shape[-2])  # (T,)
        places = counted if positions is None else positions  # (*P, T)

        # 2. Encoding: of each frequency the sine, then the cosine.
        cosines, sines = cosines_and_sines(
            places, np.array(self.frequencies), 1.0, x.dtype
        )  # (*P, T, F), (*P, T, F)
        pairs = np.stack([sines, cosines], axis=-1)  # (*P, T, F, 2)
        encoding = pairs.reshape(*places.shape, x.shape[-1])  # (*P, T, C)

        # 3. Sum: every token and the encoding of its position.
        output = x + encoding  # (*B, T, C)
        tape.save(self, output)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`."""
        tape.restore(self, grad_output)

        # 1-3. output = x + encoding: the encoding is constant.
        grad_x = grad_output  # (*B, T, C)
        return grad_x
