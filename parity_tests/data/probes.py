"""What every check of windows and of embeddings tries beside the drawn cases."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.probe import Probe
from parity_tests.contract.strategies import parameters_of

F4, F8 = np.float32, np.float64
I4, I8, U1 = np.int32, np.int64, np.uint8
HIGH = 2**40  # an id that fits neither 16 nor 32 bits
WINDOWS: tuple[tuple[str, int, int, int, Any, int, str], ...] = (
    # rule, number of tokens, max_length, stride, dtype, highest id, layout
    ("there is no token", 0, 4, 1, I8, 255, ""),
    ("the text is as long as a window, so no token comes after it", 4, 4, 1, I8, 9, ""),
    ("one window and its target, no more", 5, 4, 4, I8, 9, ""),
    ("the last window ends at the last token", 13, 4, 4, I8, 255, ""),
    ("one token is missing for one more window", 12, 4, 4, I8, 255, ""),
    ("one token is over", 14, 4, 4, I8, 255, ""),
    ("the stride does not divide what is left", 19, 7, 5, I8, 255, ""),
    ("tokens between two windows are left out", 40, 3, 11, I8, 255, ""),
    ("the stride is longer than the text", 9, 4, 100, I8, 255, ""),
    ("a window of one token at every token", 17, 1, 1, I8, 255, ""),
    ("windows of 256 tokens overlap by half", 1025, 256, 128, I8, 50_256, ""),
    ("windows of 129 tokens begin at every token", 400, 129, 1, I8, 50_256, ""),
    ("ids above 127 as uint8", 20, 4, 2, U1, 255, ""),
    ("ids above 32,767", 20, 4, 2, I8, 65_535, ""),
    ("ids above 65,535 as int32", 20, 4, 2, I4, 2**31 - 1, ""),
    ("ids that do not fit 32 bits", 20, 4, 2, I8, HIGH, ""),
    ("the ids are every other entry of an array", 20, 4, 2, I8, 255, "gaps"),
    ("the ids are a view with a negative stride", 20, 4, 3, I4, 255, "backwards"),
    ("the ids are read-only", 20, 4, 3, I8, 255, "read-only"),
)
EMBEDDED: tuple[tuple[str, Any, Any, Any, str, Any], ...] = (
    # rule; vocab_size, output_dim, context_length; ids' shape, dtype, layout; dtype
    ("there is no token", (7, 3, 5), (2, 0), I8, "", F8),
    ("there is no text", (7, 3, 5), (0, 4), I8, "", F8),
    ("one id, one channel, one position", (1, 1, 1), (1,), I8, "", F4),
    ("T = 7, and the context is full", (9, 19, 7), (5, 7), I8, "", F8),
    ("T = 17, one more than a tile of 16", (40, 33, 24), (3, 17), I4, "gaps", F4),
    ("T = 65, one more than a tile of 64", (300, 7, 80), (65,), I8, "", F8),
    ("T = 257, and the context is full", (600, 5, 257), (257,), I8, "", F4),
    ("65 channels", (11, 65, 8), (2, 3, 8), I8, "", F8),
    ("128 channels, many equal ids", (2, 128, 33), (4, 33), I8, "", F4),
    ("ids above 255 as int32", (1000, 3, 9), (2, 9), I4, "backwards", F8),
    ("ids above 32,767", (40_000, 2, 9), (2, 9), I8, "", F8),
    ("the ids are transposed in memory", (50, 4, 9), (3, 9), I8, "transposed", F4),
    ("the ids are read-only", (50, 4, 9), (3, 9), I8, "read-only", F8),
)


def window_probes(seed: int) -> Iterator[Probe]:
    """Cut texts of ids that reach the highest."""
    for rule, n_tokens, max_length, stride, dtype, highest, layout in WINDOWS:
        ids = ids_up_to(highest, (n_tokens,), f"{seed}/windows/{rule}")
        config = {"max_length": max_length, "stride": stride}
        inputs = {"ids": LAYOUTS[layout](ids.astype(dtype))}
        yield Probe(rule, Case(config, inputs))


def embedding_probes(seed: int) -> Iterator[Probe]:
    """Embed ids that reach the highest, in tables of both layouts."""
    for index, (rule, sizes, shape, id_dtype, layout, dtype) in enumerate(EMBEDDED):
        names = ("vocab_size", "output_dim", "context_length")
        config = dict(zip(names, sizes, strict=True))
        ids = ids_up_to(sizes[0] - 1, shape, f"{seed}/embedding/{rule}")
        lay_out = LAYOUTS["transposed" if index % 2 else ""]
        parameters = {
            name: lay_out(array)
            for name, array in parameters_of(
                "data/embedding", config, seed + index, dtype
            ).items()
        }
        inputs = {"ids": LAYOUTS[layout](ids.astype(id_dtype))}
        yield Probe(rule, Case(config, inputs, parameters, seed=seed + index))


def ids_up_to(highest: int, shape: tuple[int, ...], name: str) -> Any:
    """Draw ids in the upper half, with the highest in the middle and 0 at the end."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    ids = rng.integers(highest // 2, highest + 1, shape)
    if ids.size > 2:
        ids.flat[ids.size // 2], ids.flat[-1] = highest, 0
    return ids
