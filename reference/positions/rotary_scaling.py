"""Rotary scaling: slower rotations, with which a model reads longer texts.

Source: Chen et al. 2023, https://arxiv.org/abs/2306.15595, and those that
        frequency_tables.py names.
Twin:   torch_impl/positions/rotary_scaling.py
"""

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
from jaxtyping import Float

from reference.module import Module
from reference.positions.frequency_tables import (
    Scaled,
    dynamic,
    linear,
    llama3,
    longrope,
    ntk,
    yarn,
)

TABLES: dict[str, Callable[..., Scaled]] = {
    table.__name__: table for table in (linear, ntk, dynamic, llama3, yarn, longrope)
}


class RotaryScaling(Module):
    """Change the frequencies of a rotary embedding by the table of a name.

    There come out frequencies and two factors. RotaryEmbedding takes the first,
    `attention_factor`: it multiplies cosines and sines, of queries and of keys, so
    scores grow by its square. The other, `score_factor`, multiplies scores outright;
    only YaRN with `mscale_all_dim` has one, which latent attention (DeepSeek) applies.
    At position 0 only the factors show, so one token tests no frequency.

    `factor` is how many times longer texts are, `original_length` how long they were in
    training. `length`, which "dynamic" and "longrope" look at, is how long this one is.

    Twice as long: each pair turns half as fast.

    >>> frequencies, attention_factor, score_factor = RotaryScaling(
    ...     "linear", factor=2.0
    ... )(np.array([1.0, 0.1]))
    >>> frequencies
    array([0.5 , 0.05])
    """

    def __init__(self, kind: str, **settings: Any):
        if kind not in TABLES:
            rule = f"scaling must be one of {', '.join(TABLES)}"
            raise ValueError(f"{rule}, got {kind!r}")
        check_settings(TABLES[kind], settings)
        self.table, self.settings = TABLES[kind], settings

    def forward(
        self, frequencies: Float[np.ndarray, " F"], length: int | None = None
    ) -> Scaled:
        """Scale the frequencies for a text of a length, or of the original one."""
        # 1. Table: the one of this kind.
        scaled, attention_factor, score_factor = self.table(
            frequencies, length, **self.settings
        )
        return scaled, attention_factor, score_factor


def check_settings(table: Callable[..., Scaled], settings: dict[str, Any]) -> None:
    """Check that a table has all settings that it needs, and no other."""
    signature(table).bind(None, None, **settings)
    for name in ("factor", "original_length"):
        if not settings.get(name, 1) > 0:
            raise ValueError(f"{name} must be above 0, got {settings[name]}")
