"""What the blocks share: cases of vectors, named ones, probes, and rejections."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.attention.cases import text_lengths
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.layouts import IN_WORDS, LAYOUTS
from parity_tests.contract.pair import Pair
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import (
    accepted,
    arrays,
    dtypes,
    parameters_of,
    reference_part,
    seeds,
)
from parity_tests.contract.typed import DTYPES, Typed, fresh_parameters, word_vectors
from parity_tests.text import real_text

Config = Mapping[str, Any]
SIZES: dict[str, Any] = {
    "emb_dim": 4,
    "hidden_dim": 6,
    "num_heads": 2,
    "context_length": 5,
    "dropout": 0.0,
    "qkv_bias": False,
}
"""Arguments of the named cases: unequal, so that a swapped axis shows."""

SKETCHES: tuple[tuple[str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("small", "Three tokens of four channels.", {}, {}),
    ("single-precision", "float32 comes out so.", {"dtype": "float32"}, {}),
    ("batch", "Texts do not see each other.", {"leading": (2, 3)}, {}),
    ("one-token", "A token by itself.", {"n_tokens": 1}, {}),
    ("empty-text", "No token in, and none out.", {"n_tokens": 0}, {}),
    ("large-values", "Activations are flat.", {"scale": 100.0}, {}),
    ("small-values", "Activations are linear.", {"scale": 1e-3}, {}),
    ("bias", "Every projection has a bias.", {}, {"qkv_bias": True}),
    (
        *("dropout", "In training, what is kept is scaled up."),
        *({"leading": (2,), "training": True}, {"dropout": 0.5}),
    ),
    (
        *("everything-dropped", "Nothing is added to what goes in."),
        *({"training": True}, {"dropout": 1.0}),
    ),
)


@st.composite
def block_cases(draw: st.DrawFn, path: str, configs: st.SearchStrategy[Config]) -> Case:
    """Draw a configuration, vectors of some tokens, and parameters."""
    config, seed, dtype = draw(configs), draw(seeds), draw(dtypes)
    n_tokens = draw(text_lengths(config.get("context_length", draw(st.integers(1, 6)))))
    x = draw(arrays(n_tokens, config["emb_dim"], seed=seed)).astype(dtype)
    parameters = parameters_of(path, config, seed, dtype)
    training = draw(st.booleans()) if "dropout" in config else False
    return Case(config, {"x": x}, parameters, training, seed)


def block_examples(path: str) -> Callable[[int], Iterator[Example]]:
    """Make the named cases whose arguments the pair takes."""

    def examples(seed: int) -> Iterator[Example]:
        for name, comment, sketch, own in SKETCHES:
            if accepted(path, own) == own:
                own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
                case = filled(path, {**SIZES, **own}, own_seed, **sketch)
                flags = ("EdgeCase",) if "n_tokens" in sketch else ()
                yield Example(name, case, comment, flags)

    return examples


def filled(
    path: str,
    sizes: Config,
    seed: int,
    *,
    leading: tuple[int, ...] = (),
    n_tokens: int = 3,
    scale: float = 1.0,
    dtype: str = "float64",
    layout: str = "",
    training: bool = False,
) -> Case:
    """Fill sizes with numbers."""
    config = accepted(path, sizes)
    x = scale * numbers("normal", (*leading, n_tokens, config["emb_dim"]), seed)
    inputs = {"x": LAYOUTS[layout](x.astype(dtype))}
    parameters = parameters_of(path, config, seed, dtype)
    return Case(config, inputs, parameters, training, seed)


PROBES: tuple[tuple[int, int, int, int, tuple[int, ...], str, str], ...] = (
    # T, channels, hidden channels, heads, leading axes, dtype, layout
    (0, 4, 8, 2, (2,), "float64", ""),
    (3, 4, 8, 2, (0,), "float32", ""),
    (1, 1, 1, 1, (), "float32", ""),
    (7, 6, 5, 3, (5,), "float64", "gaps"),
    (9, 21, 64, 7, (2, 3), "float32", "transposed"),
    (17, 16, 33, 4, (2,), "float64", "backwards"),
    (33, 12, 48, 3, (1,), "float32", "read-only"),
    (65, 8, 129, 2, (), "float64", ""),
    (65, 20, 17, 5, (2,), "float32", "gaps"),
)


def block_probes(path: str) -> Callable[[int], Iterator[Probe]]:
    """Make a probe of each size; half of them with dropout, where there is any."""

    def probes(seed: int) -> Iterator[Probe]:
        for index, row in enumerate(PROBES):
            n_tokens, emb_dim, hidden_dim, num_heads, leading, dtype, layout = row
            rule = f"{n_tokens} token(s) of {emb_dim} channels"
            rule += f"; x is {IN_WORDS[layout]}" if layout else ""
            sizes = {
                "emb_dim": emb_dim,
                "hidden_dim": hidden_dim,
                "num_heads": num_heads,
                "context_length": n_tokens + 1,
                "dropout": 0.1 * (index % 2),
                "qkv_bias": index % 3 == 0,
            }
            case = filled(
                path,
                sizes,
                zlib.crc32(f"{seed}/{path}/{rule}".encode()),
                leading=leading,
                n_tokens=n_tokens,
                dtype=dtype,
                layout=layout,
                training=index % 2 == 1,
            )
            yield Probe(rule, case)

    return probes


def block_on_text(path: str, **sizes: Any) -> Any:
    """Send some embedded windows of GPT-2's tokens through, in both precisions."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = real_text.windows(text)[::4]
        x = real_text.embedding(seed)(ids)
        config = accepted(path, {**real_text.SIZES, "emb_dim": x.shape[-1], **sizes})
        rng = np.random.default_rng(seed)
        drawn = reference_part(path)(**config, rng=rng).state_dict()
        case = Case(config, {"x": x}, drawn, "dropout" in config, seed)
        about = real_text.described(ids)
        return [(about, case.astype(dtype)) for dtype in real_text.PRECISIONS]

    return on_text


def block_typed(path: str) -> Typed:
    """Let every word that a reader types be a token."""

    def case(words: Sequence[str], *, seed: int, dtype: str, **more: Any) -> Case:
        config = accepted(path, {**more, "context_length": len(words)})
        x = word_vectors(words, config["emb_dim"], seed, dtype)
        parameters = fresh_parameters(path, config, seed, dtype)
        return Case(config, {"x": x}, parameters, more.get("dropout", 0) > 0, seed)

    begin = {"emb_dim": 4, "hidden_dim": 6, "num_heads": 2, "dropout": 0.0}
    return Typed(case, {**accepted(path, begin), "seed": 0, "dtype": DTYPES})


def block_pair(path: str, configs: st.SearchStrategy[Config], **own: Any) -> Pair:
    """Make the pair of a block; its `own` fields come before those of all."""
    of_all: dict[str, Any] = {
        "cases": block_cases(path, configs),
        "on_text": block_on_text(path, hidden_dim=64),
        "examples": block_examples(path),
        "probes": block_probes(path),
        "typed": block_typed(path),
        "conventions": (NOT_EMPTY,),
        "abilities": frozenset({"leading_axes"}),
    }
    return Pair(path=path, **of_all | own)


def block_rejected(path: str, *own: Rejection) -> tuple[Rejection, ...]:
    """List what a block rejects: sizes, and vectors of another form."""
    right = accepted(path, {**SIZES, "emb_dim": 4, "context_length": 4})
    bad_sizes: list[tuple[Config, type[Exception], str]] = [
        ({"emb_dim": 0}, ValueError, "emb_dim must be at least 1, got 0"),
        ({"emb_dim": 4.0}, TypeError, "emb_dim must be an integer, got 4.0"),
        ({"hidden_dim": -1}, ValueError, "hidden_dim must be at least 1, got -1"),
        ({"hidden_dim": "6"}, TypeError, "hidden_dim must be an integer, got '6'"),
    ]
    bad_inputs: list[tuple[Any, type[Exception], str]] = [
        ([[0.0]], TypeError, "x must be an array of this backend, got list"),
        (np.zeros(4), ValueError, "x must have shape (…, T, C), got (4,)"),
        (np.zeros((3, 5)), ValueError, "x must have d_in = 4 channels, got 5"),
        (
            *(np.zeros((3, 4), np.int64), TypeError),
            "x must hold floating-point numbers, got int64",
        ),
    ]
    return (
        *(
            Rejection(error, text, {**right, **bad})
            for bad, error, text in bad_sizes
            if bad.keys() <= right.keys()
        ),
        *(Rejection(e, text, right, "__call__", x) for x, e, text in bad_inputs),
        *own,
    )
