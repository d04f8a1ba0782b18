"""Named cases of windows and of embeddings, which the vectors hold."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.strategies import parameters_of

INT, FLOAT = "int64", "float64"
WINDOWS = (  # name, number of tokens, max_length, stride, dtype, flags, comment
    ("apart", 9, 4, 4, INT, "", "Windows that touch and do not overlap."),
    ("overlapping", 9, 4, 2, INT, "", "Windows that share tokens."),
    ("every-token", 6, 3, 1, INT, "", "A window starts at every token."),
    ("gaps", 12, 3, 5, INT, "", "Between two windows tokens are left out."),
    ("rest", 11, 4, 4, INT, "", "Tokens at the end that fill no window are dropped."),
    ("one-window", 5, 4, 1, INT, "EdgeCase", "One window and its target, no more."),
    (
        *("as-long-as-a-window", 4, 4, 1, INT, "EdgeCase"),
        "The last token has no target, so there is no window.",
    ),
    ("shorter", 2, 4, 1, INT, "EdgeCase", "Shorter than a window: there is none."),
    ("empty-text", 0, 4, 1, INT, "EdgeCase EmptyText", "No token, no window."),
    ("windows-of-one", 4, 1, 1, INT, "EdgeCase", "Each token and the next."),
    ("bytes", 9, 4, 3, "uint8", "OtherDtype", "Ids have the dtype that they had."),
    ("no-length", 4, 0, 1, INT, "Rejected", "A window must hold a token."),
    ("no-stride", 4, 2, 0, INT, "Rejected", "Windows must move on."),
)

SIZES = {"vocab_size": 7, "output_dim": 3, "context_length": 5}
EMBEDDED: tuple[tuple[str, Any, str, str, str, str], ...] = (
    # name, ids, their dtype, that of the parameters, flags, comment
    ("small", [3, 0, 6], INT, FLOAT, "", "The vectors of token and position, summed."),
    ("single-precision", [3, 0, 6], INT, "float32", "", "float32 stays float32."),
    (
        *("batch", [[3, 0], [6, 1]], INT, FLOAT, "LeadingAxes"),
        "The first token of every text is at position 0.",
    ),
    (
        *("repeated-ids", [2, 2, 5, 2], INT, FLOAT, "RepeatedIds"),
        "The gradients of a token at several positions add up.",
    ),
    ("int32", [3, 0, 6], "int32", FLOAT, "OtherDtype", "Ids of another width."),
    ("full-context", [0, 1, 2, 3, 4], INT, FLOAT, "EdgeCase", "Every position."),
    ("last-id", [6], INT, FLOAT, "EdgeCase", "The last row of the table."),
    ("empty-text", [], INT, FLOAT, "EdgeCase EmptyText", "Nothing in, nothing out."),
    ("empty-batch", np.zeros((0, 2)), INT, FLOAT, "EdgeCase EmptyBatch", "No texts."),
    ("id-too-large", [7], INT, FLOAT, "Rejected", "Ids end before the size."),
    ("negative-id", [-1], INT, FLOAT, "Rejected", "-1 is not the last id."),
    ("too-long", [0] * 6, INT, FLOAT, "Rejected", "A sixth position has no vector."),
)


def window_examples(seed: int) -> Iterator[Example]:
    """Cut texts of drawn ids into windows."""
    for name, n_tokens, max_length, stride, dtype, flags, comment in WINDOWS:
        rng = np.random.default_rng(zlib.crc32(f"{seed}/windows/{name}".encode()))
        ids = rng.integers(0, 256, n_tokens).astype(dtype)
        config = {"max_length": max_length, "stride": stride}
        yield Example(name, Case(config, {"ids": ids}), comment, (*flags.split(),))


def embedding_examples(seed: int) -> Iterator[Example]:
    """Embed chosen ids by drawn vectors."""
    for name, ids, ids_dtype, dtype, flags, comment in EMBEDDED:
        own_seed = zlib.crc32(f"{seed}/embedding/{name}".encode())
        parameters = parameters_of("data/embedding", SIZES, own_seed, dtype)
        inputs = {"ids": np.array(ids).astype(ids_dtype)}
        case = Case(SIZES, inputs, parameters, seed=own_seed)
        yield Example(name, case, comment, (*flags.split(),))
