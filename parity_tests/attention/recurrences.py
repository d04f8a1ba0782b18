"""What recurrent kernels share: cases, examples, probes and rejections.

Their inputs are `queries` (…, T, D), `keys` (…, T, D), `values` (…, T, E), for some
`log_decays` (…, T) or (…, T, D) and `betas` (…, T), and the `state` (…, D, E) before.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, seeds
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

LEADING = ((), (1,), (2,), (1, 2), (3, 1))
LENGTHS = (*range(1, 8), 9, 13, *range(1, 8), 0)
CHUNK_SIZES = (1, 2, 3, 4, 64)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Recurrence:
    """What a kernel takes beside queries, keys, values and a state.

    `decays` are one for each "token", or one for each "channel" of it. With betas,
    keys have a norm of at most 1: longer ones make the state grow without end. Then a
    write may also take the whole state away, which chunks do by subtraction, so that
    the state before is as large as the values, and queries are not far below 1.
    """

    path: str
    decays: str = ""
    betas: bool = False
    normalizer: bool = False
    query_scales: tuple[float, ...] = SCALES

    def shapes(self, leading: Shape, sizes: tuple[int, int, int]) -> dict[str, Shape]:
        """Return the shape of each input by name; `sizes` are T, D and E."""
        n_tokens, dim, width = sizes
        by_token = (*leading, n_tokens)
        found: dict[str, Shape] = {
            "queries": (*by_token, dim),
            "keys": (*by_token, dim),
            "values": (*by_token, width),
        }
        if self.decays:
            of_token = {"token": by_token, "channel": (*by_token, dim)}
            found["log_decays"] = of_token[self.decays]
        if self.betas:
            found["betas"] = by_token
        found["state"] = (*leading, dim, width)
        if self.normalizer:
            found["normalizer"] = (*leading, dim)
        return found

    def inputs(
        self,
        fill: Callable[[str, Shape], Array],
        leading: Shape,
        sizes: tuple[int, int, int],
        dtype: Any = np.float64,
    ) -> dict[str, Any]:
        """Fill every input, and make keys, decays and betas what they should be."""
        found = {n: fill(n, s) for n, s in self.shapes(leading, sizes).items()}
        if self.betas:
            norms = np.linalg.norm(found["keys"], axis=-1, keepdims=True)
            found["keys"] = found["keys"] / np.maximum(norms, 1)
            # Up to 1.8, and not 1: with equal keys of norm 1 that leaves exact zeros.
            found["betas"] = 0.9 * np.minimum(np.abs(found["betas"]), 2)
        if self.decays:
            found["log_decays"] = -np.abs(found["log_decays"])
        if self.normalizer:
            found["normalizer"] = np.abs(found["normalizer"])
        return {name: array.astype(dtype) for name, array in found.items()}

    def drawn(
        self,
        seed: int,
        leading: Shape = (2,),
        sizes: tuple[int, int, int] = (5, 4, 6),
        dtype: Any = np.float64,
        scale: float = 1.0,
    ) -> dict[str, Any]:
        """Draw inputs; decays reach from almost 1 to almost 0."""
        rng = np.random.default_rng(seed)

        def fill(name: str, shape: Shape) -> Array:
            if name == "log_decays":
                return np.asarray(10 ** rng.uniform(-3, 1, shape))
            return np.asarray(scale * rng.normal(size=shape))

        return self.inputs(fill, leading, sizes, dtype)


@st.composite
def recurrent_cases(
    draw: st.DrawFn,
    kind: Recurrence,
    configs: st.SearchStrategy[dict[str, Any]],
) -> Case:
    """Draw a text, mostly longer than a chunk, and the state before it."""
    leading, n_tokens = draw(st.sampled_from(LEADING)), draw(st.sampled_from(LENGTHS))
    sizes = (n_tokens, draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    seed, dtype = draw(seeds), draw(dtypes)
    scales = {
        "queries": kind.query_scales,
        "keys": kind.query_scales,
        "log_decays": (1.0, 1.0, 0.0, 1e-3, 0.1, 30.0),
        "betas": (1.0, 1.0, 0.5, 2.0, 0.0),
        "state": (1.0, 0.0, 5.0),
        "normalizer": (1.0, 0.0),
    }

    of_values = draw(st.sampled_from(SCALES))

    def fill(name: str, shape: Shape) -> Array:
        pattern = draw(st.sampled_from(PATTERNS))
        scale = draw(st.sampled_from(scales.get(name, (1.0,))))
        if name in ("values", "state"):
            scale *= of_values
        return scale * numbers(pattern, shape, zlib.crc32(f"{seed}{name}".encode()))

    return Case(draw(configs), kind.inputs(fill, leading, sizes, dtype), seed=seed)


SKETCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "small": ("All sizes differ, so that a swapped axis shows.", {}),
    "single-precision": ("float32 comes out as float32.", {"dtype": np.float32}),
    "no-leading-axis": ("One text, one head.", {"leading": ()}),
    "two-leading-axes": ("Texts and heads.", {"leading": (3, 2)}),
    "one-token": ("As in decoding.", {"sizes": (1, 4, 6)}),
    "no-token": ("The state comes out as it went in.", {"sizes": (0, 4, 6)}),
    "no-batch": ("A batch of no texts is a batch.", {"leading": (0,)}),
    "small-values": ("An absolute tolerance sees nothing here.", {"scale": 1e-4}),
}


def recurrent_examples(
    kind: Recurrence, **config: Any
) -> Callable[[int], Iterator[Example]]:
    """Make the sketched cases; chunks are of two tokens."""

    def examples(seed: int) -> Iterator[Example]:
        for name, (comment, options) in SKETCHES.items():
            own_seed = zlib.crc32(f"{seed}/{kind.path}/{name}".encode())
            inputs = kind.drawn(own_seed, **options)
            case = Case({**config, "chunk_size": 2}, inputs, seed=own_seed)
            yield Example(name, case, comment)

    return examples


def recurrent_on_text(
    kind: Recurrence, **config: Any
) -> Callable[[str, int], list[tuple[str, Case]]]:
    """Take embedded windows of a text for all that goes in, in two heads."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = windows(text)[:4]
        x = embedding(seed)(ids)  # (K, L, C)
        heads = x.reshape(*x.shape[:-1], 6, -1).swapaxes(-3, -2)  # (K, 6, L, D)
        own = {"queries": 0, "keys": 1, "values": 2, "log_decays": 3, "betas": 4}

        def fill(name: str, shape: Shape) -> Array:
            taken = heads[:, own[name] : own[name] + 2] if name in own else x
            return np.resize(taken, shape)

        sizes = (x.shape[-2], heads.shape[-1], heads.shape[-1])
        case = Case(config, kind.inputs(fill, (len(x), 2), sizes), seed=seed)
        return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]

    return on_text


def recurrent_probes(
    kind: Recurrence, **config: Any
) -> Callable[[int], Iterator[Probe]]:
    """Make texts around the borders of chunks, with decays of every strength."""

    def probes(seed: int) -> Iterator[Probe]:
        for index, n_tokens in enumerate((17, 33, 65)):
            dtype = (np.float32, np.float64)[index % 2]
            inputs = kind.drawn(seed + index, (1, 3), (n_tokens, 5, 4), dtype)
            case = Case({**config, "chunk_size": 16}, inputs, seed=seed)
            yield Probe(f"{n_tokens} tokens, three heads, chunks of 16", case)

    return probes


def recurrent_rejections(kind: Recurrence, **config: Any) -> tuple[Rejection, ...]:
    """List what every recurrent kernel rejects; each row changes what fits."""
    fitting = kind.drawn(0, (2,), (3, 4, 5))
    rows: list[tuple[str, Any, type[Exception], str]] = [
        ("queries", [[0.0]], TypeError, "must be an array of this backend, got list"),
        (
            "keys",
            np.zeros((2, 3, 4), np.int64),
            TypeError,
            "must hold floating-point numbers, all of one dtype, got int64",
        ),
        (
            "state",
            np.zeros((2, 4, 5), np.float32),
            TypeError,
            "must hold floating-point numbers, all of one dtype, got float32",
        ),
        (
            "queries",
            np.zeros(4),
            ValueError,
            "must have shape (…, T, channels), got (4,)",
        ),
        (
            "values",
            np.zeros(5),
            ValueError,
            "must have shape (…, T, channels), got (5,)",
        ),
        (
            "keys",
            np.zeros((2, 4, 4)),
            ValueError,
            "must have shape (2, 3, 4), got (2, 4, 4)",
        ),
        (
            "values",
            np.zeros((1, 3, 5)),
            ValueError,
            "must have shape (2, 3, 5), got (1, 3, 5)",
        ),
        (
            "state",
            np.zeros((2, 5, 4)),
            ValueError,
            "must have shape (2, 4, 5), got (2, 5, 4)",
        ),
    ]
    if kind.normalizer:
        rule = "must have shape (2, 4), got (2, 5)"
        rows.append(("normalizer", np.zeros((2, 5)), ValueError, rule))
    if kind.betas:
        rule = "must have shape (2, 3), got (2, 3, 1)"
        rows.append(("betas", np.zeros((2, 3, 1)), ValueError, rule))
    if kind.decays:
        shape = fitting["log_decays"].shape
        rule = f"must have shape {shape}, got {(*shape, 1)}"
        rows.append(("log_decays", np.zeros((*shape, 1)), ValueError, rule))
        for wrong in (np.nan, 0.5, -np.inf):
            last = fitting["log_decays"].copy()
            last.flat[-1] = wrong
            rule = f"must be finite and at most 0, got {wrong}"
            rows.append(("log_decays", last, ValueError, rule))
    sizes = {**config, "chunk_size": 0}
    return (
        Rejection(ValueError, "chunk_size must be at least 1, got 0", sizes),
        *(
            Rejection(error, f"{name} {rule}", config, inputs={**fitting, name: wrong})
            for name, wrong, error, rule in rows
        ),
    )
