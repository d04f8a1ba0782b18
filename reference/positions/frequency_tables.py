"""Tables of frequencies: how each way to stretch a text slows down rotations.

Source: linear: Chen et al. 2023, https://arxiv.org/abs/2306.15595; NTK, dynamic, YaRN:
        Peng et al. 2023, https://arxiv.org/abs/2309.00071, and its authors' code; Llama
        3: Meta's code; LongRoPE: Ding et al. 2024, https://arxiv.org/abs/2402.13753.
Twin:   torch_impl/positions/frequency_tables.py
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Scaled = tuple[Float[np.ndarray, " F"], float, float]


def linear(
    frequencies: Float[np.ndarray, " F"], length: int | None, factor: float
) -> Scaled:
    """Interpolate positions: p turns as p / factor did.

    >>> linear(np.array([1.0]), None, factor=4.0)[0]
    array([0.25])
    """
    # 1. Interpolation: all pairs turn slower by the factor.
    scaled = frequencies / factor
    return scaled, 1.0, 1.0


def ntk(
    frequencies: Float[np.ndarray, " F"], length: int | None, factor: float
) -> Scaled:
    """Enlarge the base to θ · factor^(D / (D - 2)): from no scaling to all of it.

    >>> ntk(np.array([1.0, 0.5, 0.25]), None, factor=4.0)[0]
    array([1.    , 0.25  , 0.0625])
    """
    check_pairs(frequencies.shape[-1])

    # 1. Exponents: from 0 at the fastest pair to 1 at the slowest.
    n_pairs = frequencies.shape[-1]
    exponents = pair_indices(frequencies) / (n_pairs - 1)

    # 2. Frequencies: slower by that power of the factor.
    scaled = frequencies * factor**-exponents
    return scaled, 1.0, 1.0


def dynamic(
    frequencies: Float[np.ndarray, " F"],
    length: int | None,
    factor: float,
    original_length: int,
) -> Scaled:
    """Enlarge the base as NTK does, the more the longer the text is.

    At three times the original length, a factor of 2 is one of 2 · 3 - 1.

    >>> dynamic(np.array([1.0, 1.0]), 12, factor=2.0, original_length=4)[0]
    array([1. , 0.2])
    """
    # 1. Stretch: 1 up to the original length, and growing with the text beyond it.
    longer = max(length or 0, original_length) / original_length
    stretch = factor * longer - (factor - 1)

    # 2. Frequencies: those of NTK.
    scaled, attention_factor, score_factor = ntk(frequencies, None, stretch)
    return scaled, attention_factor, score_factor


def llama3(
    frequencies: Float[np.ndarray, " F"],
    length: int | None,
    factor: float,
    original_length: int,
    low_frequency_factor: float = 1.0,
    high_frequency_factor: float = 4.0,
) -> Scaled:
    """Slow down the pairs that turn seldom within the original length, and no others.

    Of these pairs one turns 4 times within 8 tokens, one twice, and one once.

    >>> turns = np.array([4.0, 2.5, 1.0]) / 8
    >>> llama3(2 * np.pi * turns, None, 2.0, 8)[0] / (2 * np.pi) * 8
    array([4.   , 1.875, 0.5  ])
    """
    # 1. Turns: how often a pair turns within the original length.
    turns = frequencies * original_length / (2 * math.pi)

    # 2. Blend: 0 where that is `low` times or less, 1 where it is `high` or more.
    width = high_frequency_factor - low_frequency_factor
    blend = ((turns - low_frequency_factor) / width).clip(0, 1)

    # 3. Frequencies: between the slow ones and those of before.
    scaled = (1 - blend) * frequencies / factor + blend * frequencies
    return scaled, 1.0, 1.0


def yarn(
    frequencies: Float[np.ndarray, " F"],
    length: int | None,
    factor: float,
    original_length: int,
    theta: float = 10_000.0,
    beta_fast: float = 32.0,
    beta_slow: float = 1.0,
    truncate: bool = True,
    attention_factor: float | None = None,
    mscale: float | None = None,
    mscale_all_dim: float | None = None,
) -> Scaled:
    """Slow down pairs by a ramp over their index, and sharpen attention.

    Differs from the paper, whose ramp is over the number of turns: the authors' code
    and all checkpoints have one over the index, between the pairs that would turn
    `beta_fast` and `beta_slow` times within the original length.

    The attention factor is g(1), g(m) = 0.1 m ln(factor) + 1; with `mscale` and
    `mscale_all_dim` it is g(mscale) / g(mscale_all_dim), and scores get the square of
    the latter instead.

    Pair 0 turns often and stays, pair 1 is slowed down; the factor is 0.1 ln 10 + 1.

    >>> scaled, attention_factor, _ = yarn(
    ...     np.array([1.0, 1e-4]), None, 10.0, 4096, theta=1e8, beta_fast=1e6
    ... )
    >>> scaled, round(attention_factor, 4)
    (array([1.e+00, 1.e-05]), 1.2303)
    """
    # 1. Range: the index of the pair that turns so often in the original length.
    n_pairs = frequencies.shape[-1]
    low, high = (
        n_pairs * math.log(original_length / (2 * math.pi * turns)) / math.log(theta)
        for turns in (beta_fast, beta_slow)
    )
    if truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, 2 * n_pairs - 1)

    # 2. Ramp: 0 up to the first of the range, 1 from the last on.
    indices = pair_indices(frequencies)
    ramp = ((indices - low) / ((high - low) or 0.001)).clip(0, 1)

    # 3. Frequencies: between those of before and the slow ones.
    scaled = frequencies / factor * ramp + frequencies * (1 - ramp)

    # 4. Factors: of cosines and sines, and of scores.
    both = yarn_mscale(factor, mscale_all_dim or 0.0)
    if attention_factor is None and mscale and mscale_all_dim:
        attention_factor = yarn_mscale(factor, mscale) / both
    elif attention_factor is None:
        attention_factor = yarn_mscale(factor)
    score_factor = both**2
    return scaled, attention_factor, score_factor


def longrope(
    frequencies: Float[np.ndarray, " F"],
    length: int | None,
    factor: float,
    original_length: int,
    short_factors: Sequence[float],
    long_factors: Sequence[float],
    attention_factor: float | None = None,
) -> Scaled:
    """Slow down every pair by a factor of its own, found by search.

    >>> both = dict(short_factors=[1.0, 2.0], long_factors=[1.0, 8.0])
    >>> longrope(np.array([1.0, 0.4]), 5, 1.0, original_length=4, **both)[0]
    array([1.  , 0.05])
    """
    check_factors(frequencies.shape[-1], short_factors, long_factors)

    # 1. Slowness: the long factors beyond the original length, and the short up to it.
    is_long = length is not None and length > original_length
    slowness = np.array(long_factors if is_long else short_factors, frequencies.dtype)

    # 2. Frequencies: every pair turns slower by its factor.
    scaled = frequencies / slowness

    # 3. Factors: of cosines and sines.
    if attention_factor is None:
        growth = math.log(max(factor, 1.0)) / math.log(original_length)
        attention_factor = math.sqrt(1 + growth)
    return scaled, attention_factor, 1.0


def pair_indices(frequencies: Float[np.ndarray, " F"]) -> Float[np.ndarray, " F"]:
    """Count the pairs, in the dtype of their frequencies.

    >>> pair_indices(np.zeros(3))
    array([0., 1., 2.])
    """
    return np.arange(frequencies.shape[-1], dtype=frequencies.dtype)


def yarn_mscale(factor: float, mscale: float = 1.0) -> float:
    """Return 0.1 · mscale · ln(factor) + 1, and 1 where nothing is longer.

    >>> yarn_mscale(1.0), round(yarn_mscale(40.0), 5)
    (1.0, 1.36889)
    """
    return 0.1 * mscale * math.log(max(factor, 1.0)) + 1.0


def check_pairs(n_pairs: int) -> None:
    """Check that there is a slowest pair besides the fastest."""
    if n_pairs < 2:
        raise ValueError(f"there must be two frequencies or more, got {n_pairs}")


def check_factors(n_pairs: int, short: Sequence[float], long: Sequence[float]) -> None:
    """Check that there is a factor for each pair."""
    for name, factors in (("short_factors", short), ("long_factors", long)):
        if len(factors) != n_pairs:
            rule = f"there must be {n_pairs} {name}, one a pair"
            raise ValueError(f"{rule}, got {len(factors)}")
