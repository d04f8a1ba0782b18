"""Values at which attention code fails: ties, extremes, and scores far below zero."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parity_tests.attention.sizes import config_of, even_parameters
from parity_tests.contract.case import Case
from parity_tests.contract.patterns import numbers
from parity_tests.contract.strategies import Parameters

Array = np.ndarray[Any, Any]
Regime = Callable[[Array, Parameters], tuple[Array, Parameters]]
SIZES = {"head_dim": 4, "num_heads": 2, "num_kv_heads": 1, "d_in": 7}
CONTEXT = {"n_tokens": 6, "room": 2, "dropout": 0.0, "qkv_bias": False}
F4, F8 = np.float32, np.float64


def equal_tokens(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """All tokens are equal: the scores of a row tie."""
    return np.broadcast_to(x[..., :1, :], x.shape).copy(), parameters


def nearly_equal_tokens(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """Tokens differ in the last digits alone: the scores of a row nearly tie."""
    return x[..., :1, :] * (1 + 1e-6 * x), parameters


def one_large_token(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """One token is thirty times as large: its scores are far above all others."""
    large = x.copy()
    large[..., 2, :] *= 30
    return large, parameters


def zero_channels(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """Channels are zero, some of them -0.0, and so is one token."""
    zeros = x.copy()
    zeros[..., 1::3], zeros[..., 3, :] = 0.0, -0.0
    return zeros, parameters


def only_zeros(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """All that goes in is zero, of either sign: attention weights are all equal."""
    return np.copysign(0.0, x), parameters


def subnormal(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """What goes in is below the smallest normal number of float32."""
    return 1e-40 * x, parameters


def tiny(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """What goes in is about 1e-30: scores underflow in float32, values do not."""
    return 1e-30 * x, parameters


def huge(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
    """What goes in is about 1e30, and the projections make it about 1 again."""
    return 1e30 * x, {n: times(a, n, 1e-30, "W_") for n, a in parameters.items()}


def below(size: float) -> Regime:
    """Let every score be far below `-size²`: a mask filled with such a number shows."""

    def change(x: Array, parameters: Parameters) -> tuple[Array, Parameters]:
        """Queries are positive and keys negative, so all scores are far below zero."""
        positive = {"W_query": size, "W_key": -size}
        changed = dict(parameters)
        for name, array in parameters.items():
            for part, value in positive.items():
                if part in name:
                    changed[name] = np.full_like(array, value)
        return 1 + np.abs(x), changed

    return change


def times(array: Array, name: str, factor: float, part: str) -> Array:
    """Multiply the parameters with `part` in their name."""
    return factor * array if part in name else array


EVERYWHERE: tuple[Regime, ...] = (equal_tokens, nearly_equal_tokens, one_large_token)
EVERYWHERE += (zero_channels, only_zeros, subnormal, tiny)
PROJECTED = (  # these have parameters to make up for what goes in
    (huge, F4),
    (huge, F8),
    (below(10), F8),
    (below(12), F4),
    (below(1e5), F8),
)


def valued_cases(path: str, seed: int) -> Iterator[tuple[str, Case]]:
    """Make a case of every regime in both precisions, each with its rule."""
    config = config_of(path, {**SIZES, **CONTEXT})
    chosen = [(regime, dtype) for regime in EVERYWHERE for dtype in (F4, F8)]
    chosen += PROJECTED if config else [(huge, F8)]
    for index, (regime, dtype) in enumerate(chosen):
        x = numbers("normal", (2, 6, SIZES["d_in"]), seed + index)
        x, parameters = regime(x, even_parameters(path, config, seed + index))
        case = Case(config, {"x": x}, parameters, seed=seed + index).astype(dtype)
        yield str(regime.__doc__).removesuffix("."), case
