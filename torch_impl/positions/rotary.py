"""Rotary position embedding: pairs of channels turn by an angle that position gives.

Source: Su et al. 2021, RoFormer, https://arxiv.org/abs/2104.09864; the proportional
        reading: Barbero et al. 2024, https://arxiv.org/abs/2410.06205.
Twin:   reference/positions/rotary.py
"""

from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes

PAIRINGS = ("halves", "neighbours")
READINGS = ("partial", "proportional")
INTEGERS = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)


class RotaryEmbedding(nn.Module):
    """Turn pair i of a token at position p by the angle p · ω_i, ω_i = θ^(-2i/D).

    Queries and keys are turned, values are not: then a score depends on the distance
    of two tokens. `pairing` names the two channels of a pair: "halves" are i and
    i + D/2 (GPT-NeoX, Llama in transformers), "neighbours" 2i and 2i + 1 (the paper,
    GPT-J, Meta's Llama, DeepSeek). Parameters of one do not fit the other.

    Of D channels `rotary_dim` turn, and there are two readings of that. "partial": the
    first R channels are as a head of R, and the others stay. "proportional" (Gemma 4):
    all D are paired, and ω_i is 0 for all but the first R/2 pairs.

    `frequencies` replace ω, and `attention_factor` multiplies cosines and sines:
    rotary_scaling makes both. Angles are computed in float64 whatever dtype `x` has: in
    float32 the cosine at position 131,071 is off by 1e-3.

    A quarter turn takes the first channel of a pair to the second.

    >>> rotate = RotaryEmbedding(2, frequencies=[torch.pi / 2])
    >>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]])).round(decimals=6).abs()
    tensor([[1., 0.],
            [0., 1.]])
    """

    frequencies: Tensor

    def __init__(
        self,
        head_dim: int,
        theta: float = 10_000.0,
        pairing: str = "halves",
        rotary_dim: int | None = None,
        reading: str = "partial",
        frequencies: Iterable[float] | None = None,
        attention_factor: float = 1.0,
    ):
        super().__init__()
        usual = rotary_frequencies(head_dim, theta, rotary_dim, reading)
        given = usual if frequencies is None else tuple(map(float, frequencies))
        check_frequencies(given, len(usual))
        check_choice("pairing", pairing, PAIRINGS)
        self.head_dim, self.given = head_dim, given
        buffer = torch.tensor(given, dtype=torch.float64)
        self.register_buffer("frequencies", buffer, persistent=False)
        self.attention_factor = attention_factor
        n, halves = len(given), pairing == "halves"
        self.first = slice(0, n) if halves else slice(0, 2 * n, 2)
        self.second = slice(n, 2 * n) if halves else slice(1, 2 * n, 2)

    def forward(
        self,
        x: Float[Tensor, "*B T D"],
        positions: Integer[Tensor, "*P T"] | None = None,
    ) -> Float[Tensor, "*B T D"]:
        """Turn every token by its position: 0, 1, 2, … unless they are given.

        Leading axes of positions broadcast to those of `x`; heads are one of them.

        Raises:
            TypeError: positions are no integers.
            ValueError: shapes do not fit.
        """
        check_input(x, self.head_dim)
        check_positions(positions, tuple(x.shape[:-1]))

        # 1. Positions: those given, or 0, 1, 2, ….
        counted = torch.arange(x.shape[-2], device=x.device)  # (T,)
        places = counted if positions is None else positions  # (*P, T)

        # 2. Cosines and sines: of the angles that positions times frequencies are.
        cosines, sines = cosines_and_sines(
            places, self.frequencies, self.attention_factor, x.dtype
        )  # (*P, T, F), (*P, T, F)

        # 3. Pairs: the two channels that turn together.
        first = x[..., self.first]  # (*B, T, F)
        second = x[..., self.second]  # (*B, T, F)

        # 4. Rotation: every pair turns by its angle.
        rotated_first = first * cosines - second * sines
        rotated_second = second * cosines + first * sines

        # 5. Channels: each goes back to its place; those of no pair stay as they are.
        output = x.clone()  # (*B, T, D)
        output[..., self.first] = rotated_first
        output[..., self.second] = rotated_second
        return output

    def _apply(
        self, fn: Callable[[Tensor], Tensor], recurse: bool = True
    ) -> "RotaryEmbedding":
        """Move the frequencies with the module, and leave them in float64."""
        super()._apply(fn, recurse)
        device = self.frequencies.device
        self.frequencies = torch.tensor(self.given, dtype=torch.float64, device=device)
        return self


def cosines_and_sines(
    positions: Integer[Tensor, "*P T"],
    frequencies: Float[Tensor, " F"],
    factor: float,
    dtype: torch.dtype,
) -> tuple[Float[Tensor, "*P T F"], Float[Tensor, "*P T F"]]:
    """Return `factor` times cosine and sine of each angle, computed in float64.

    >>> turns = torch.tensor([2 * torch.pi], dtype=torch.float64)
    >>> cosines_and_sines(torch.tensor([0, 2]), turns, 1.5, torch.float32)[0]
    tensor([[1.5000],
            [1.5000]])
    """
    angles = positions[..., None] * frequencies  # (*P, T, F)
    cosines, sines = angles.cos() * factor, angles.sin() * factor
    return cosines.to(dtype), sines.to(dtype)


def rotary_frequencies(
    head_dim: int,
    theta: float = 10_000.0,
    rotary_dim: int | None = None,
    reading: str = "partial",
) -> tuple[float, ...]:
    """Return the frequency of every pair, in radians a token.

    These are Python's own powers, the same on both backends to the last bit: at a far
    position a last bit of the frequency is many of the angle.

    >>> rotary_frequencies(4, theta=100.0)
    (1.0, 0.1)
    >>> rotary_frequencies(8, theta=16.0, rotary_dim=4)
    (1.0, 0.25)
    >>> rotary_frequencies(8, theta=16.0, rotary_dim=4, reading="proportional")
    (1.0, 0.5, 0.0, 0.0)
    """
    rotary_dim = head_dim if rotary_dim is None else rotary_dim
    check_rotary(head_dim, theta, rotary_dim)
    check_choice("reading", reading, READINGS)
    width = rotary_dim if reading == "partial" else head_dim
    pairs = range(width // 2)
    return tuple(theta ** (-2 * i / width) * (2 * i < rotary_dim) for i in pairs)


def check_rotary(head_dim: int, theta: float, rotary_dim: int) -> None:
    """Check the sizes of a head and the base of the frequencies."""
    check_sizes(head_dim=head_dim)
    if not 0 <= rotary_dim <= head_dim or rotary_dim % 2:
        rule = f"rotary_dim must be even, in 0 to head_dim = {head_dim}"
        raise ValueError(f"{rule}, got {rotary_dim}")
    if not 0 < theta < float("inf"):
        raise ValueError(f"theta must be finite and above 0, got {theta}")


def check_frequencies(frequencies: tuple[float, ...], n_pairs: int) -> None:
    """Check that there is a frequency for each pair."""
    if len(frequencies) != n_pairs:
        rule = f"there must be {n_pairs} frequencies, one a pair"
        raise ValueError(f"{rule}, got {len(frequencies)}")


def check_choice(name: str, choice: str, choices: tuple[str, ...]) -> None:
    """Check that an argument is one of a few words."""
    if choice not in choices:
        rule = " or ".join(map(repr, choices))
        raise ValueError(f"{name} must be {rule}, got {choice!r}")


def check_positions(positions: Tensor | None, shape: tuple[int, ...]) -> None:
    """Check that positions are integers, whose shape is that of tokens or less."""
    if positions is None:
        return
    if not isinstance(positions, Tensor):
        kind = type(positions).__name__
        raise TypeError(f"positions must be an array of this backend, got {kind}")
    if positions.dtype not in INTEGERS:
        dtype = str(positions.dtype).removeprefix("torch.")
        raise TypeError(f"positions must be integers, got {dtype}")
    own = (1,) * (len(shape) - positions.ndim) + tuple(positions.shape)
    fits = all(n in (1, size) for n, size in zip(own, shape, strict=False))
    if len(own) != len(shape) or not fits or own[-1] != shape[-1]:
        rule = f"positions must have shape (…, T) that broadcasts to {shape}"
        raise ValueError(f"{rule}, got {tuple(positions.shape)}")
