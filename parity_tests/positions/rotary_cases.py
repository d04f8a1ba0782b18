"""Cases of rotary position embedding: near and far positions, and none given."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.strategies import arrays, dtypes, lengths, seeds
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

FAR = 131_071
OFFSETS = (1, 7, 4096, FAR)
pairings = st.sampled_from(("halves", "neighbours"))


def plain(head_dim: int, **changes: Any) -> dict[str, Any]:
    """Return arguments with which all channels turn as in the paper."""
    usual = {"head_dim": head_dim, "theta": 10_000.0, "pairing": "halves"}
    rest = {"rotary_dim": None, "reading": "partial"}
    return {**usual, **rest, "frequencies": None, "attention_factor": 1.0, **changes}


@st.composite
def rotary_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a head, how much of it turns, and now and then frequencies of its own."""
    head_dim = draw(st.sampled_from((2, 4, 6, 8, 8)))
    theta = draw(st.sampled_from((10_000.0, 500_000.0, 100.0, 2.0)))
    config = plain(head_dim, theta=theta, pairing=draw(pairings))
    kind = draw(st.sampled_from(("all", "partial", "proportional", "own", "factor")))
    if kind in ("partial", "proportional"):
        config["reading"] = kind
        config["rotary_dim"] = draw(st.sampled_from(range(0, head_dim + 1, 2)))
        config["head_dim"] += draw(st.integers(0, 1)) if kind == "partial" else 0
    if kind == "own":
        some = st.sampled_from((0.0, 1.0, 0.3, -0.5, 1e-4))
        n_pairs = head_dim // 2
        config["frequencies"] = tuple(draw(some) for _ in range(n_pairs))
    if kind in ("own", "factor"):
        config["attention_factor"] = draw(st.sampled_from((1.0, 1.25, 0.75)))
    return config


def drawn_positions(kind: str, leading: tuple[int, ...], n: int, seed: int) -> Any:
    """Draw positions: none, those of tokens behind others, or any, text by text."""
    rng = np.random.default_rng(seed)
    if kind == "none":
        return None
    if kind == "behind others":
        return rng.choice(OFFSETS) + np.arange(n)
    own = leading if kind == "text by text" else leading[:0]
    return rng.integers(0, rng.choice((4, 50, FAR + 1)), (*own, n))


CONFIGS = rotary_configs()
KINDS = ("none", "behind others", "any", "text by text")


@st.composite
def rotary_cases(
    draw: st.DrawFn, configs: st.SearchStrategy[dict[str, Any]] = CONFIGS
) -> Case:
    """Draw vectors and the positions that they have."""
    config, seed, dtype = draw(configs), draw(seeds), draw(dtypes)
    x = draw(arrays(draw(lengths(5)), config["head_dim"], seed=seed)).astype(dtype)
    kind = draw(st.sampled_from(KINDS))
    positions = drawn_positions(kind, x.shape[:-2], x.shape[-2], seed)
    return Case(config, {"x": x, "positions": positions}, seed=seed)


def with_config(case: Case, **changes: Any) -> Case:
    """Change some arguments of a case."""
    return replace(case, config={**case.config, **changes})


def places_of(case: Case) -> Array:
    """Return the positions of a case, which count from 0 where none are given."""
    positions = case.inputs["positions"]
    return np.arange(case.inputs["x"].shape[-2]) if positions is None else positions


SKETCHES: tuple[tuple[str, str, dict[str, Any], Any, str], ...] = (
    ("small", "Positions count from 0.", {}, None, "float64"),
    ("behind-others", "A text that is continued.", {}, (7, 8, 9), "float64"),
    ("far", "Angles in float32 would be off.", {}, (FAR, 1, 70_000), "float64"),
    ("single-precision", "float32 comes out so.", {}, (FAR, 1, 70_000), "float32"),
    ("neighbours", "The paper's pairs.", {"pairing": "neighbours"}, None, "float64"),
    ("partial", "Half of the channels turn.", {"rotary_dim": 4}, None, "float64"),
    (
        *("proportional", "The fastest half of the pairs turns."),
        *({"rotary_dim": 4, "reading": "proportional"}, None, "float64"),
    ),
    ("factor", "Longer by an eighth.", {"attention_factor": 1.125}, None, "float64"),
)


def rotary_examples(seed: int) -> Iterator[Example]:
    """Make the named cases: two heads, three tokens, eight channels."""
    for name, comment, changes, positions, dtype in SKETCHES:
        own_seed = zlib.crc32(f"{seed}/rotary/{name}".encode())
        inputs: dict[str, Any] = {
            "x": numbers("normal", (2, 3, 8), own_seed).astype(dtype),
            "positions": None if positions is None else np.array(positions),
        }
        case = Case(plain(8, **changes), inputs, seed=own_seed)
        yield Example(name, case, comment)


def rotary_probes(seed: int) -> Iterator[Probe]:
    """Try odd sizes, positions of each text, and small integers as positions."""
    for n_tokens, head_dim, kind, integers in (
        (17, 4, "none", np.int64),
        (33, 64, "behind others", np.int64),
        (65, 4, "text by text", np.int32),
        (5, 128, "any", np.int64),
    ):
        rule = f"{n_tokens} tokens, {head_dim} channels, positions: {kind}"
        own_seed = zlib.crc32(f"{seed}/{rule}".encode())
        x = numbers("normal", (2, 3, n_tokens, head_dim), own_seed)
        positions = drawn_positions(kind, (2, 1), n_tokens, own_seed)
        if positions is not None:
            positions = positions.astype(integers)
        inputs = {"x": x, "positions": positions}
        yield Probe(rule, Case(plain(head_dim, theta=1e6), inputs, seed=own_seed))


def rotary_on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Turn embedded windows of a text, split in four heads."""
    ids = windows(text)
    x = embedding(seed)(ids)
    heads = x.reshape(*x.shape[:-1], 4, -1).swapaxes(-3, -2)
    inputs: dict[str, Any] = {"x": heads, "positions": 1000 + np.arange(x.shape[-2])}
    case = Case(plain(heads.shape[-1]), inputs, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]
