"""Sinusoidal encoding: sines and cosines of the position, added to every token.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5.
Twin:   reference/positions/sinusoidal.py
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.positions.rotary import (
    check_positions,
    cosines_and_sines,
    rotary_frequencies,
)
from torch_impl.validation import check_input, check_sizes


class SinusoidalEncoding(nn.Module):
    """Add sin(p · ω_i) to channel 2i and cos(p · ω_i) to 2i + 1, ω_i = θ^(-2i/C).

    Moving on by k tokens turns each pair by the same angle, wherever it begins: that is
    what RotaryEmbedding does to queries and keys themselves. Angles are computed in
    float64. Differs from the authors' own code and from fairseq, where all sines come
    first, and frequencies go down to 1/θ itself: θ^(-i / (C/2 - 1)). The paper scales
    embeddings by √C before it adds; that is left to the caller.

    At position 0 all sines are 0, and all cosines 1.

    >>> SinusoidalEncoding(4)(torch.zeros(2, 4))
    tensor([[0.0000, 1.0000, 0.0000, 1.0000],
            [0.8415, 0.5403, 0.0100, 0.9999]])
    """

    frequencies: Tensor

    def __init__(self, dim: int, theta: float = 10_000.0):
        super().__init__()
        check_sizes(dim=dim)
        if dim % 2:
            raise ValueError(f"dim must be even, got {dim}")
        self.dim, self.given = dim, rotary_frequencies(dim, theta)
        buffer = torch.tensor(self.given, dtype=torch.float64)
        self.register_buffer("frequencies", buffer, persistent=False)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Float[Tensor, "*B T C"]:
        """Add the encoding of positions: 0, 1, 2, … unless they are given.

        Raises:
            TypeError: positions are no integers.
            ValueError: shapes do not fit.
        """
        check_input(x, self.dim)
        check_positions(positions, tuple(x.shape[:-1]))

        # 1. Positions: those given, or 0, 1, 2, ….
        counted = torch.arange(x.shape[-2], device=x.device)  # (T,)
        places = counted if positions is None else positions  # (*P, T)

        # 2. Encoding: of each frequency the sine, then the cosine.
        cosines, sines = cosines_and_sines(
            places, self.frequencies, 1.0, x.dtype
        )  # (*P, T, F), (*P, T, F)
        pairs = torch.stack([sines, cosines], dim=-1)  # (*P, T, F, 2)
        encoding = pairs.flatten(-2)  # (*P, T, C)

        # 3. Sum: every token and the encoding of its position.
        output = x + encoding  # (*B, T, C)
        return output

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> "SinusoidalEncoding":
        """Move the frequencies with the module, and leave them in float64."""
        super()._apply(fn, recurse)
        device = self.frequencies.device
        self.frequencies = torch.tensor(self.given, dtype=torch.float64, device=device)
        return self
