"""Cases of attention: structure drawn, numbers seeded."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Case
from parity_tests.contract.strategies import (
    accepted,
    arrays,
    dtypes,
    parameters_of,
    seeds,
)

SMALL = {"d_in": 3, "d_out": 4, "context_length": 4, "dropout": 0.0, "num_heads": 2}
"""Arguments of every variant, where any will do."""
n_heads = st.sampled_from((1, *range(2, 5), *range(2, 5), *range(2, 5)))
head_dims = st.sampled_from((1, *range(2, 8), *range(2, 8)))


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the constructor's arguments: small sizes, unequal more often than not."""
    small = st.integers(1, 8)
    num_heads, head_dim = draw(n_heads), draw(head_dims)
    return {
        "d_in": draw(small),
        "d_out": head_dim * num_heads,
        "context_length": draw(small),
        "dropout": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        "num_heads": num_heads,
        "qkv_bias": draw(st.booleans()),
    }


@st.composite
def attention_cases(
    draw: st.DrawFn,
    path: str,
    configs: st.SearchStrategy[dict[str, Any]] | None = None,
    square: bool = False,
) -> Case:
    """Draw a configuration, an input and parameters for one variant.

    `square` cases have as many channels going in as coming out.
    """
    drawn = draw(configurations() if configs is None else configs)
    config = accepted(path, drawn)
    if square:
        config["d_in"] = config["d_out"]
    n_tokens = draw(text_lengths(config.get("context_length", draw(st.integers(1, 9)))))
    d_in = config.get("d_in", draw(st.integers(1, 8)))
    seed, dtype = draw(seeds), draw(dtypes)
    x = draw(arrays(n_tokens, d_in, seed=seed)).astype(dtype)
    parameters = parameters_of(path, config, seed, dtype)
    return Case(config, {"x": x}, parameters, draw(st.booleans()), seed)


def text_lengths(context_length: int) -> st.SearchStrategy[int]:
    """Draw a number of tokens: all that fit, fewer, and now and then none."""
    shorter = [max(context_length - spare, 1) for spare in (1, 2, 3)]
    return st.sampled_from((*[context_length] * 24, *shorter * 3, 0))


def empty_cases(path: str) -> st.SearchStrategy[Case]:
    """Draw a text without a token, texts without one, or no text."""
    config = accepted(path, SMALL)
    parameters = parameters_of(path, config, 0, np.float64)
    return st.sampled_from(
        [
            Case(config, {"x": np.zeros(shape)}, parameters)
            for shape in [(0, 3), (2, 0, 3), (0, 4, 3)]
        ]
    )
