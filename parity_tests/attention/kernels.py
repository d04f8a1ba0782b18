"""What pairs on queries, keys and values share: cases, examples, rejections.

Their inputs are `queries` (…, T, D), `keys` (…, S, D), `values` (…, S, E), and mostly a
`mask`. There are no projections, so these are also the pairs for a kernel of one's own.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import OnText
from parity_tests.contract.patterns import LEADING, PATTERNS, SCALES, numbers
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

Array = np.ndarray[Any, Any]
Inputs = dict[str, Any]
small = st.integers(1, 6)


def causal_mask(n_queries: int, n_keys: int) -> Array:
    """Let the last query attend to all keys, and each earlier one to one less."""
    return np.tri(n_queries, n_keys, n_keys - n_queries, dtype=bool)


@st.composite
def masks(draw: st.DrawFn, leading: tuple[int, ...], shape: tuple[int, int]) -> Any:
    """Draw no mask, a causal one, or a random one; some rows may see nothing."""
    kind = draw(st.sampled_from(("causal", "random", "of its own", "none")))
    rng = np.random.default_rng(draw(seeds))
    if kind == "none":
        return None
    if kind == "causal":
        return causal_mask(*shape)
    return rng.random((*leading, *shape) if kind == "of its own" else shape) < 0.6


@st.composite
def core_cases(
    draw: st.DrawFn,
    path: str,
    configs: st.SearchStrategy[dict[str, Any]] | None = None,
    with_mask: bool = True,
    square: bool = False,
    n_heads: Callable[[dict[str, Any]], int] | None = None,
) -> Case:
    """Draw queries, keys and values of one scale each.

    `square` cases have as many keys as queries. With `n_heads` the last leading axis
    has so many heads, which a configuration tells.
    """
    config = {} if configs is None else draw(configs)
    leading = draw(st.sampled_from(LEADING))
    if n_heads is not None:
        leading = (*leading, n_heads(config))
    n_queries, dim, width = draw(small), draw(small), draw(small)
    n_keys = n_queries if square else draw(st.sampled_from((n_queries, 1, 2, 4, 6, 0)))
    seed, dtype = draw(seeds), draw(dtypes)
    inputs: Inputs = {}
    shapes = {"queries": (n_queries, dim), "keys": (n_keys, dim)}
    for index, (name, shape) in enumerate(
        {**shapes, "values": (n_keys, width)}.items()
    ):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        array = scale * numbers(pattern, (*leading, *shape), seed + index)
        inputs[name] = array.astype(dtype)
    if with_mask:
        inputs["mask"] = draw(masks(leading, (n_queries, n_keys)))
    parameters = parameters_of(path, config, seed, dtype)
    return Case(config, inputs, parameters, seed=seed)


def drawn_inputs(
    seed: int,
    leading: tuple[int, ...] = (2,),
    sizes: tuple[int, int, int, int] = (3, 5, 4, 6),
    dtype: Any = np.float64,
    scale: float = 1.0,
) -> Inputs:
    """Draw queries, keys and values; `sizes` are T, S, D and E."""
    n_queries, n_keys, dim, width = sizes
    rng = np.random.default_rng(seed)
    shapes = {
        "queries": (n_queries, dim),
        "keys": (n_keys, dim),
        "values": (n_keys, width),
    }
    return {
        name: (scale * rng.normal(size=(*leading, *shape))).astype(dtype)
        for name, shape in shapes.items()
    }


SKETCHES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "small": ("All sizes differ, so that a swapped axis shows.", {}),
    "single-precision": ("float32 comes out as float32.", {"dtype": np.float32}),
    "no-leading-axis": ("One text, one head.", {"leading": ()}),
    "two-leading-axes": ("Texts and heads.", {"leading": (3, 2)}),
    "one-token": ("One query, one key.", {"sizes": (1, 1, 4, 6)}),
    "no-batch": ("A batch of no texts is a batch.", {"leading": (0,)}),
    "large-scores": ("exp overflows unless the maximum goes first.", {"scale": 100.0}),
    "small-values": ("An absolute tolerance sees nothing here.", {"scale": 1e-4}),
}


def core_examples(
    path: str,
    square: bool = False,
    with_mask: bool = True,
    heads: tuple[int, ...] = (),
    **config: Any,
) -> Callable[[int], Iterator[Example]]:
    """Make the sketched cases; `square` ones have as many keys as queries.

    `heads` is an axis more, for a pair whose parameters have a number for each head.
    """

    def examples(seed: int) -> Iterator[Example]:
        for name, (comment, options) in SKETCHES.items():
            own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
            n_queries, n_keys, dim, width = options.get("sizes", (3, 5, 4, 6))
            sizes = (n_queries, n_queries if square else n_keys, dim, width)
            leading = (*options.get("leading", (2,)), *heads)
            own = {**options, "sizes": sizes, "leading": leading}
            inputs = drawn_inputs(own_seed, **own)
            if with_mask:
                inputs["mask"] = causal_mask(*sizes[:2])
            dtype = options.get("dtype", np.float64)
            parameters = parameters_of(path, config, own_seed, dtype)
            yield Example(
                name, Case(config, inputs, parameters, seed=own_seed), comment
            )

    return examples


def core_on_text(path: str, with_mask: bool = True, **config: Any) -> OnText:
    """Take embedded windows of a text for queries, keys and values, in two heads."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = windows(text)
        x = embedding(seed)(ids)  # (K, L, C)
        by_head = x.reshape(*x.shape[:-1], 2, -1).swapaxes(-3, -2)  # (K, 2, L, D)
        names = ("queries", "keys", "values")
        inputs: Inputs = {
            name: np.roll(by_head, shift, axis=-1) for shift, name in enumerate(names)
        }
        if with_mask:
            inputs["mask"] = causal_mask(x.shape[-2], x.shape[-2])
        parameters = parameters_of(path, config, seed, np.float64)
        case = Case(config, inputs, parameters, seed=seed)
        return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]

    return on_text


FITTING = drawn_inputs(0, (), (2, 3, 4, 4))
BAD_CORE_INPUTS: list[tuple[Inputs, type[Exception], str]] = [
    (
        {"queries": [[0.0]]},
        TypeError,
        "queries must be an array of this backend, got list",
    ),
    (
        {"keys": np.zeros((3, 4), np.int64)},
        TypeError,
        "keys must hold floating-point numbers, all of one dtype, got int64",
    ),
    (
        {"values": np.zeros((3, 4), np.float32)},
        TypeError,
        "values must hold floating-point numbers, all of one dtype, got float32",
    ),
    (
        {"queries": np.zeros(4)},
        ValueError,
        "queries must have two axes below the leading axes of the queries, got (4,)",
    ),
    (
        {"keys": np.zeros((2, 3, 4))},
        ValueError,
        "keys must have two axes below the leading axes of the queries, got (2, 3, 4)",
    ),
    (
        {"keys": np.zeros((3, 5))},
        ValueError,
        "keys must have as many channels as queries, 4, got 5",
    ),
    (
        {"values": np.zeros((2, 4))},
        ValueError,
        "there must be a value for each of 3 keys, got 2",
    ),
]
BAD_MASKS: list[tuple[Inputs, type[Exception], str]] = [
    (
        {"mask": np.zeros((2, 3))},
        TypeError,
        "mask must be Boolean, True = may attend, got float64",
    ),
    (
        {"mask": np.ones((2, 2), bool)},
        ValueError,
        "mask must broadcast to (2, 3), got (2, 2)",
    ),
    (
        {"mask": np.ones((1, 2, 3), bool)},
        ValueError,
        "mask must broadcast to (2, 3), got (1, 2, 3)",
    ),
]


def core_rejected(
    inputs: list[tuple[Inputs, type[Exception], str]],
    fitting: Inputs | None = None,
    **config: Any,
) -> tuple[Rejection, ...]:
    """List what a pair rejects among its inputs; each changes some that fit."""
    right = FITTING if fitting is None else fitting
    return tuple(
        Rejection(error, text, config, inputs={**right, **changed})
        for changed, error, text in inputs
    )
