"""Cases of multi-head attention for the evidence, all of them seeded.

Cases have 2 to 16 tokens, 1 to 3 heads of 1 to 8 channels, and parameters drawn from
N(0, 1/d_in), so scores grow with the square of the input's scale: at 30 they reach the
hundreds, at 1,000 a million.
"""

from collections.abc import Iterator

import numpy as np

from parity_tests.catalogue import load
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.patterns import numbers

MULTI_HEAD = load("attention/multi_head")
DTYPES = ("float64", "float32")
SCALES = (1e-3, 1.0, 30.0, 1e3)
PATTERNS = ("normal", "ties", "ramp", "one-hot")
MORE_PATTERNS = (*PATTERNS, "ones")  # where every score of a row ties


def draw_case(
    rng: np.random.Generator, scale: float, dtype: str, patterns: tuple[str, ...]
) -> Case:
    """Draw sizes, an input of a scale, and parameters that keep that scale."""
    num_heads, head_dim = int(rng.integers(1, 4)), int(rng.integers(1, 9))
    n_tokens, seed = int(rng.integers(2, 17)), int(rng.integers(2**32))
    d_in = int(rng.integers(1, 17))
    config = {
        "d_in": d_in,
        "d_out": num_heads * head_dim,
        "context_length": n_tokens,
        "dropout": 0.0,
        "num_heads": num_heads,
        "qkv_bias": bool(rng.integers(2)),
    }
    pattern = str(rng.choice(patterns))
    x = scale * numbers(pattern, (2, n_tokens, d_in), seed)
    state = MULTI_HEAD.part(REFERENCE)(**config).state_dict()
    parameters = {
        name: (rng.normal(size=array.shape) / array.shape[-1] ** 0.5).astype(dtype)
        for name, array in state.items()
    }
    return Case(config, {"x": x.astype(dtype)}, parameters, seed=seed)


def draw_cases(dtype: str, scale: float, n_cases: int) -> Iterator[Case]:
    """Draw cases of one scale."""
    rng = np.random.default_rng([SCALES.index(scale), *dtype.encode()])
    for _ in range(n_cases):
        yield draw_case(rng, scale, dtype, PATTERNS)


def draw_all_scales(dtype: str) -> Iterator[Case]:
    """Draw cases without end, one of each scale in turn; in some all tokens tie."""
    rng = np.random.default_rng([len(SCALES), *dtype.encode()])
    while True:
        for scale in SCALES:
            yield draw_case(rng, scale, dtype, MORE_PATTERNS)
