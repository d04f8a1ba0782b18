"""The cases of windows and of embeddings that the vectors hold."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.vectors.planned import Planned, seed_of

WINDOWS = (  # name, tokens, window, stride, dtype, comment, flags
    ("apart", 9, 4, 4, "int64", "Windows that touch and do not overlap.", ()),
    ("overlapping", 9, 4, 2, "int64", "Windows that share tokens.", ()),
    ("every-token", 6, 3, 1, "int64", "A window starts at every token.", ()),
    ("gaps", 12, 3, 5, "int64", "Between two windows tokens are left out.", ()),
    ("rest", 11, 4, 4, "int64", "What is left and fills no window is dropped.", ()),
    (
        "one-window",
        5,
        4,
        1,
        "int64",
        "One window and its target, no more.",
        ("EdgeCase",),
    ),
    (
        *("as-long-as-a-window", 4, 4, 1, "int64"),
        "The last token has no target, so there is no window.",
        ("EdgeCase",),
    ),
    (
        "shorter",
        2,
        4,
        1,
        "int64",
        "Shorter than a window: there is none.",
        ("EdgeCase",),
    ),
    ("empty-text", 0, 4, 1, "int64", "No token, no window.", ("EdgeCase", "EmptyText")),
    ("windows-of-one", 4, 1, 1, "int64", "Each token and the next.", ("EdgeCase",)),
    ("bytes", 9, 4, 3, "uint8", "Ids keep their dtype.", ("OtherDtype",)),
    ("no-length", 4, 0, 1, "int64", "A window must hold a token.", ("Refused",)),
    ("no-stride", 4, 2, 0, "int64", "Windows must move on.", ("Refused",)),
)

CONFIG = {"vocab_size": 7, "output_dim": 3, "context_length": 5}
INT, REAL = "int64", "float64"
EMBEDDED: tuple[tuple[str, Any, str, str, str, str], ...] = (
    # name, ids, their dtype, that of the weights, flags, comment
    ("small", [3, 0, 6], INT, REAL, "", "A token's vector plus its place's."),
    ("single-precision", [3, 0, 6], INT, "float32", "", "float32 stays float32."),
    ("batch", [[3, 0], [6, 1]], INT, REAL, "LeadingAxes", "Each text begins at 0."),
    (
        *("repeated-ids", [2, 2, 5, 2], INT, REAL, "RepeatedIds"),
        "The gradients of a token that stands in several places add up.",
    ),
    ("int32", [3, 0, 6], "int32", REAL, "OtherDtype", "Ids of another width."),
    ("full-context", [0, 1, 2, 3, 4], INT, REAL, "EdgeCase", "Every place is used."),
    ("last-id", [6], INT, REAL, "EdgeCase", "The last row of the table."),
    ("empty-text", [], INT, REAL, "EdgeCase EmptyText", "Nothing in, nothing out."),
    ("empty-batch", np.zeros((0, 2)), INT, REAL, "EdgeCase EmptyBatch", "No texts."),
    ("id-too-large", [7], INT, REAL, "Refused", "Ids end before the size."),
    ("negative-id", [-1], INT, REAL, "Refused", "-1 is not the last id."),
    ("too-long", [0] * 6, INT, REAL, "Refused", "A sixth place has no vector."),
)


def windows_plan(concept: Concept, seed: int) -> Iterator[Planned]:
    """Cut texts of drawn ids."""
    for name, n_tokens, max_length, stride, dtype, comment, flags in WINDOWS:
        rng = np.random.default_rng(seed_of(seed, concept.path, name))
        ids = rng.integers(0, 256, n_tokens).astype(dtype)
        config = {"max_length": max_length, "stride": stride}
        yield Planned(name, Case(config, {"ids": ids}), comment, flags)


def embedding_plan(concept: Concept, seed: int) -> Iterator[Planned]:
    """Embed chosen ids by drawn vectors."""
    for name, ids, kind, dtype, flags, comment in EMBEDDED:
        own = seed_of(seed, concept.path, name)
        rng = np.random.default_rng(own)
        weights = {
            f"{table}_embedding.weight": rng.normal(
                size=(CONFIG[rows], CONFIG["output_dim"])
            ).astype(dtype)
            for table, rows in (("token", "vocab_size"), ("position", "context_length"))
        }
        inputs = {"ids": np.array(ids).astype(kind)}
        case = Case(CONFIG, inputs, weights, seed=own)
        yield Planned(name, case, comment, (*flags.split(),))
