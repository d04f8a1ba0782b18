"""Sizes at which attention code fails: around tiles of 8 to 256, and beyond one head.

Each number of tokens comes in float32 and in float64; the other columns are spread over
the rows so that most pairs of their entries meet in one of them.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.layouts import IN_WORDS, LAYOUTS
from parity_tests.contract.patterns import numbers
from parity_tests.contract.strategies import (
    Parameters,
    accepted,
    parameters_of,
)

TILES = (8, 16, 32, 64, 128, 256)
BESIDE = {"less than a tile of": -1, "more than a tile of": 1}


class Sizes(NamedTuple):
    """The sizes of one case, how its input and its parameters lie in memory."""

    n_tokens: int
    head_dim: int
    num_heads: int
    num_kv_heads: int
    leading: tuple[int, ...]
    d_in: int
    room: int  # in the context, beyond the tokens
    qkv_bias: bool
    dropout: float
    layout: str
    of_parameters: str


SIZES = (
    # T, D, heads, their groups, leading axes, C, room, bias, dropout, layouts
    Sizes(1, 2, 5, 1, (2, 3), 1, 0, True, 0.5, "", "gaps"),
    Sizes(1, 1, 8, 4, (5,), 7, 1, True, 0.0, "transposed", "transposed"),
    Sizes(2, 32, 4, 2, (2, 3), 16, 6, False, 0.5, "", ""),
    Sizes(2, 3, 7, 7, (5,), 1, 1, False, 0.0, "read-only", "transposed"),
    Sizes(7, 128, 1, 1, (1,), 16, 1, False, 0.5, "backwards", "gaps"),
    Sizes(7, 32, 5, 1, (2,), 5, 0, True, 0.0, "read-only", "transposed"),
    Sizes(8, 16, 4, 1, (5,), 33, 1, True, 0.0, "gaps", "transposed"),
    Sizes(8, 8, 12, 3, (3,), 1, 0, False, 0.0, "gaps", "gaps"),
    Sizes(9, 19, 6, 3, (2,), 5, 6, False, 0.0, "backwards", ""),
    Sizes(9, 80, 2, 2, (2, 3), 7, 6, True, 0.5, "", "transposed"),
    Sizes(15, 32, 3, 1, (3,), 19, 6, True, 0.5, "read-only", ""),
    Sizes(15, 128, 1, 1, (), 7, 1, True, 0.0, "", "transposed"),
    Sizes(16, 3, 4, 2, (2,), 19, 0, True, 0.1, "transposed", ""),
    Sizes(16, 64, 2, 1, (3,), 16, 1, False, 0.0, "", "gaps"),
    Sizes(17, 64, 1, 1, (1,), 1, 6, True, 0.0, "read-only", "transposed"),
    Sizes(17, 8, 5, 5, (5,), 33, 0, False, 0.5, "backwards", "transposed"),
    Sizes(31, 80, 1, 1, (3,), 7, 0, False, 0.0, "gaps", "gaps"),
    Sizes(31, 19, 1, 1, (1,), 7, 1, True, 0.0, "transposed", "transposed"),
    Sizes(32, 8, 3, 3, (2, 3), 5, 6, False, 0.5, "", "gaps"),
    Sizes(32, 16, 5, 1, (), 19, 0, True, 0.0, "", ""),
    Sizes(33, 1, 3, 1, (2, 3), 33, 1, False, 0.0, "", ""),
    Sizes(33, 2, 4, 2, (5,), 16, 6, True, 0.1, "read-only", "gaps"),
    Sizes(63, 1, 3, 3, (2,), 16, 6, False, 0.0, "gaps", "gaps"),
    Sizes(63, 2, 2, 1, (5,), 5, 1, False, 0.0, "gaps", "transposed"),
    Sizes(64, 3, 4, 2, (), 33, 6, False, 0.5, "", "gaps"),
    Sizes(64, 8, 4, 4, (2,), 7, 1, True, 0.0, "read-only", ""),
    Sizes(65, 7, 2, 1, (3,), 16, 6, False, 0.0, "transposed", "transposed"),
    Sizes(65, 7, 2, 2, (5,), 1, 1, True, 0.1, "", ""),
    Sizes(127, 7, 3, 1, (1,), 19, 0, False, 0.0, "backwards", "gaps"),
    Sizes(127, 32, 2, 1, (1,), 33, 6, True, 0.0, "transposed", ""),
    Sizes(128, 2, 1, 1, (2,), 33, 0, False, 0.5, "read-only", ""),
    Sizes(128, 19, 3, 1, (), 16, 0, True, 0.0, "", "gaps"),
    Sizes(129, 16, 2, 2, (2,), 1, 6, False, 0.5, "transposed", "gaps"),
    Sizes(129, 3, 1, 1, (3,), 5, 1, True, 0.0, "backwards", "transposed"),
    Sizes(257, 8, 1, 1, (1,), 19, 1, True, 0.0, "gaps", ""),
    Sizes(257, 1, 1, 1, (1,), 7, 0, False, 0.0, "", "transposed"),
)


def sized_cases(path: str, seed: int) -> Iterator[tuple[str, Case]]:
    """Make a case of every row, float32 and float64 in turn, each with its rule."""
    for index, sizes in enumerate(SIZES):
        dtype = (np.float32, np.float64)[index % 2]
        case = sized(path, sizes, dtype, seed + index)
        yield rule_of(sizes, case.config, case.inputs["x"].shape[-1]), case


def rule_of(sizes: Sizes, config: Mapping[str, Any], d_in: int) -> str:
    """Say what a case tries, of the sizes that its variant has."""
    near = [
        f", one {word} {tile}"
        for tile in TILES
        for word, more in BESIDE.items()
        if sizes.n_tokens == tile + more
    ]
    parts = [f"T = {sizes.n_tokens}{''.join(near)}", f"{d_in} channels go in"]
    if "num_heads" in config:
        parts += [f"{config['num_heads']} head(s) of {sizes.head_dim} channels"]
    elif config:
        parts += [f"{sizes.head_dim} channels come out"]
    if config.get("context_length") == sizes.n_tokens:
        parts += ["the context is full"]
    parts += [f"x is {IN_WORDS[sizes.layout]}"] if sizes.layout else []
    return "; ".join(parts)


def sized(path: str, sizes: Sizes, dtype: Any, seed: int) -> Case:
    """Fill sizes with numbers; scores are about 1, so that every token counts."""
    config = config_of(path, sizes._asdict())
    d_in = config.get("d_in", sizes.head_dim)
    x = numbers("normal", (*sizes.leading, sizes.n_tokens, d_in), seed)
    x = x if config else x / math.sqrt(d_in)
    lay_out = LAYOUTS[sizes.of_parameters]
    parameters = {
        name: lay_out(array.astype(dtype))
        for name, array in even_parameters(path, config, seed).items()
    }
    inputs = {"x": LAYOUTS[sizes.layout](x.astype(dtype))}
    return Case(config, inputs, parameters, sizes.dropout > 0, seed)


def config_of(path: str, sizes: dict[str, Any]) -> dict[str, Any]:
    """Turn sizes into what a variant takes.

    The heads of a wrapper are modules of their own: its d_out is that of one of them,
    and each takes as long as a whole run, so that long texts have three at the most.
    """
    context_length = sizes["n_tokens"] + sizes["room"]
    config = accepted(path, {**sizes, "context_length": context_length, "d_out": 1})
    is_wrapper = path.endswith("wrapper")
    if config:
        share = 1 if is_wrapper else config.get("num_heads", 1)
        config["d_out"] = share * sizes["head_dim"]
    if is_wrapper and sizes["n_tokens"] > 9:
        config["num_heads"] = min(config["num_heads"], 3)
    return config


def even_parameters(path: str, config: dict[str, Any], seed: int) -> Parameters:
    """Draw parameters that give out numbers as large as what goes in."""
    drawn = parameters_of(path, config, seed, np.float64)
    return {
        name: array / math.sqrt(array.shape[-1]) if array.ndim > 1 else array
        for name, array in drawn.items()
    }
