"""Cases of primitives: one array, real text, and named cases."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import OnText
from parity_tests.contract.patterns import numbers
from parity_tests.contract.strategies import (
    arrays,
    dtypes,
    lengths,
    parameters_of,
    seeds,
)
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

Array = np.ndarray[Any, Any]
Config = Mapping[str, Any]
MakeCase = Callable[[Config, Array, int], Case]


def of_array(path: str, name: str) -> MakeCase:
    """Make cases of one array called `name`, with parameters where there are any."""

    def make(config: Config, array: Array, seed: int) -> Case:
        parameters = parameters_of(path, config, seed, array.dtype)
        return Case(config, {name: array}, parameters, training=True, seed=seed)

    return make


def of_function(name: str) -> MakeCase:
    """Make cases of one array called `name`, for a function without parameters."""
    return lambda config, array, seed: Case(config, {name: array}, seed=seed)


@st.composite
def array_cases(
    draw: st.DrawFn,
    make: MakeCase,
    configs: st.SearchStrategy[Config],
    channels: Callable[[Config], int],
) -> Case:
    """Draw a configuration, and an array of some tokens with `channels(config)`."""
    config, seed, dtype = draw(configs), draw(seeds), draw(dtypes)
    n_tokens = draw(lengths(5))
    array = draw(arrays(n_tokens, channels(config), seed=seed)).astype(dtype)
    return make(config, array, seed)


def on_text(make: MakeCase, config: Config) -> OnText:
    """Send embedded windows of a text (48 channels) through, in both precisions."""

    def cases(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = windows(text)
        x = embedding(seed)(ids)
        whole = make(config, x, seed)
        return [(described(ids), whole.astype(dtype)) for dtype in PRECISIONS]

    return cases


def examples(
    make: MakeCase, config: Config, shape: tuple[int, ...]
) -> Callable[[int], Iterator[Example]]:
    """Make the named cases that every primitive has."""
    sketches = [
        ("small", "Every axis has another length, so a swapped one shows.", 1.0, shape),
        ("large", "Numbers of thousands.", 1e3, shape),
        ("tiny", "Numbers of a thousandth.", 1e-3, shape),
        ("empty", "Nothing goes in, and nothing comes out.", 1.0, (0, *shape[1:])),
    ]

    def named(seed: int) -> Iterator[Example]:
        for name, comment, scale, size in sketches:
            own_seed = zlib.crc32(f"{seed}/{name}".encode())
            array = scale * numbers("normal", size, own_seed)
            flags = ("EdgeCase",) if name == "empty" else ()
            yield Example(name, make(config, array, own_seed), comment, flags)

    return named
