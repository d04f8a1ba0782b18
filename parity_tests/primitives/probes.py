"""What every check of a primitive tries beside the drawn cases."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.layouts import IN_WORDS, LAYOUTS
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.strategies import parameters_of
from parity_tests.primitives.cases import Config, MakeCase

F4, F8 = np.float32, np.float64


class Sizes(NamedTuple):
    """A number of tokens, one of channels, what comes before, and how it lies."""

    n_tokens: int
    n_channels: int
    leading: tuple[int, ...] = (2,)
    dtype: Any = F8
    layout: str = ""
    scale: float = 1.0
    pattern: str = "normal"

    @property
    def rule(self) -> str:
        """Say what is tried."""
        parts = [f"{self.n_tokens} token(s) of {self.n_channels} channels"]
        parts += [f"the input is {IN_WORDS[self.layout]}"] if self.layout else []
        parts += [f"numbers are about {self.scale:g}"] if self.scale != 1 else []
        parts += [f"the input has {self.pattern}"] if self.pattern != "normal" else []
        return "; ".join(parts)


SIZES = (  # channels are multiples of 3, for three heads
    Sizes(0, 3),
    Sizes(4, 3, (0,)),
    Sizes(1, 3, (), F4),
    Sizes(7, 6, (5,)),
    Sizes(8, 21, (1,), F4, "gaps"),
    Sizes(9, 57, (2, 3)),
    Sizes(15, 12, (3,), F4, "transposed"),
    Sizes(17, 33, (2,), F8, "backwards"),
    Sizes(31, 63, (1,), F4, "read-only"),
    Sizes(33, 66, ()),
    Sizes(65, 9, (5,), F4),
    Sizes(129, 3, (2,), F8, "transposed"),
    Sizes(257, 6, (1,), F4, "gaps"),
    Sizes(2, 129, (3,), F8, "gaps"),
    Sizes(3, 258, (1,), F4, "backwards"),
    Sizes(3, 1026, (1,), F4),
    Sizes(5, 6, (2,), F8, "", 1.0, "ties"),
    Sizes(5, 6, (2,), F4, "", 1.0, "ones"),
    Sizes(5, 6, (2,), F8, "", 0.0),
    Sizes(5, 6, (2,), F8, "", 1e30),
    Sizes(5, 6, (2,), F4, "", 1e30),
    Sizes(5, 6, (2,), F8, "", 1e-30),
    Sizes(5, 6, (2,), F4, "", 1e-30),
    Sizes(5, 6, (2,), F4, "", 1e-40),
)


def array_probes(
    make: MakeCase, config: Callable[[int], Config] = lambda channels: {}
) -> Callable[[int], Iterator[Probe]]:
    """Make a probe of each size; `config` is that of a number of channels."""

    def probes(seed: int) -> Iterator[Probe]:
        for sizes in SIZES:
            own_seed = zlib.crc32(f"{seed}/{sizes.rule}".encode())
            shape = (*sizes.leading, sizes.n_tokens, sizes.n_channels)
            array = sizes.scale * numbers(sizes.pattern, shape, own_seed)
            array = LAYOUTS[sizes.layout](array.astype(sizes.dtype))
            yield Probe(sizes.rule, make(config(sizes.n_channels), array, own_seed))

    return probes


IDS: tuple[tuple[str, tuple[int, int], tuple[int, ...], Any, Any, str], ...] = (
    # rule; num_embeddings, embedding_dim; shape of the ids, dtypes, layout
    ("there is no id", (5, 2), (2, 0), np.int64, F8, ""),
    ("there is no text", (5, 2), (0, 3), np.int64, F8, ""),
    ("one id, one channel", (1, 1), (1,), np.int64, F4, ""),
    ("the same few ids again and again", (3, 19), (5, 33), np.int64, F8, ""),
    ("129 channels", (20, 129), (2, 7), np.int32, F4, "gaps"),
    ("257 ids", (300, 3), (257,), np.int64, F8, "backwards"),
    ("ids above 32,767", (40_000, 2), (3, 9), np.int64, F8, "transposed"),
    ("the ids are read-only", (9, 4), (3, 9), np.int64, F4, "read-only"),
)


def table_probes(path: str) -> Callable[[int], Iterator[Probe]]:
    """Make probes of a table that ids pick rows of."""

    def probes(seed: int) -> Iterator[Probe]:
        for rule, (n_ids, dim), shape, id_dtype, dtype, layout in IDS:
            own_seed = zlib.crc32(f"{seed}/{rule}".encode())
            config = {"num_embeddings": n_ids, "embedding_dim": dim}
            ids = np.random.default_rng(own_seed).integers(n_ids // 2, n_ids, shape)
            inputs = {"ids": LAYOUTS[layout](ids.astype(id_dtype))}
            parameters = parameters_of(path, config, own_seed, dtype)
            yield Probe(rule, Case(config, inputs, parameters, seed=own_seed))

    return probes
