"""Sinusoidal encoding: its properties, rejections and oracles."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.models.distilbert.modeling_distilbert import (
    create_sinusoidal_embeddings,
)

from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import arrays, dtypes, lengths, seeds
from parity_tests.lockstep.backward import gradient_for
from parity_tests.positions.rotary_cases import (
    FAR,
    KINDS,
    drawn_positions,
    places_of,
    plain,
)
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "positions/sinusoidal"
THETA = 10_000.0


@st.composite
def encoding_cases(draw: st.DrawFn, thetas: tuple[float, ...] = (THETA, 50.0)) -> Case:
    """Draw tokens and the positions that they have."""
    dim, seed, dtype = draw(st.sampled_from((2, 4, 6, 8))), draw(seeds), draw(dtypes)
    x = draw(arrays(draw(lengths(5)), dim, seed=seed)).astype(dtype)
    kind = draw(st.sampled_from(KINDS))
    positions = drawn_positions(kind, x.shape[:-2], x.shape[-2], seed)
    config = {"dim": dim, "theta": draw(st.sampled_from(thetas))}
    return Case(config, {"x": x, "positions": positions}, seed=seed)


def of_zeros(case: Case) -> Case:
    """Let there be nothing but the encoding."""
    return case.with_inputs(x=np.zeros_like(case.inputs["x"]))


def the_encoding_is_added(run: Implementation, case: Case) -> Agreement:
    """It depends on the position alone."""
    encoding = run(of_zeros(case))
    return compare(case.inputs["x"] + encoding, run(case), run.rounding(case))


def position_zero_has_sines_of_zero_and_cosines_of_one(
    run: Implementation, case: Case
) -> Agreement:
    """Sines are in the even channels."""
    case = of_zeros(case).with_inputs(
        positions=np.zeros(case.inputs["x"].shape[-2], int)
    )
    expected = np.zeros_like(case.inputs["x"])
    expected[..., 1::2] = 1
    return compare(expected, run(case), run.rounding(case))


def sine_and_cosine_are_of_one_angle(run: Implementation, case: Case) -> Agreement:
    """Of every pair of channels the squares sum to one."""
    encoding, unit = run(of_zeros(case)), run.rounding(of_zeros(case))
    squares = encoding[..., ::2] ** 2 + encoding[..., 1::2] ** 2
    return compare(np.ones_like(squares), squares, 4 * unit)


def each_token_is_encoded_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last token alone, at its position, gets what it gets in company."""
    alone = case.with_inputs(
        x=case.inputs["x"][..., -1:, :], positions=places_of(case)[..., -1:]
    )
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def moving_on_turns_the_encoding(run: OneBackend, case: Case) -> Agreement:
    """It is a rotation by the distance alone, as the paper says."""
    rotary, n_tokens = OneBackend(load("positions/rotary"), run.backend), 8
    dim, theta = case.config["dim"], case.config["theta"]
    x = np.zeros((n_tokens, dim), case.dtype)
    here = Case(case.config, {"x": x, "positions": np.arange(n_tokens)})
    there = here.with_inputs(positions=np.arange(n_tokens) + 5)
    config = plain(dim, theta=theta, pairing="neighbours")
    turn = {"x": run(here), "positions": np.full(n_tokens, -5)}
    return compare(run(there), rotary(Case(config, turn)), 2 * run.rounding(there))


def the_gradient_passes_as_it_is(run: OneBackend, case: Case) -> Agreement:
    """A sum has the same gradient as its terms."""
    grad_output = gradient_for(case, run.pair.call(REFERENCE, case))
    return compare(grad_output, run.gradients(case)["x"])


def exponentials(case: Case) -> Array:
    """Take imaginary and real parts of complex exponentials."""
    dim, theta = case.config["dim"], case.config["theta"]
    rates = np.array([theta ** (-2 * i / dim) for i in range(dim // 2)])
    waves = np.exp(1j * np.multiply.outer(places_of(case), rates))
    encoding = np.stack([waves.imag, waves.real], axis=-1)
    flat = encoding.reshape(*encoding.shape[:-2], dim)
    return case.inputs["x"] + flat.astype(case.dtype)


def distilbert(case: Case) -> Array:
    """Look positions up in the table of transformers' DistilBERT, made in float32."""
    table = torch.empty(5000, case.config["dim"])
    create_sinusoidal_embeddings(len(table), case.config["dim"], table)
    return case.inputs["x"] + table.numpy()[places_of(case)]


def in_the_table(case: Case) -> bool:
    """Whether the table is long enough, and in the precision of the case."""
    return case.dtype == "float32" and places_of(case).max(initial=0) < 5000


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases: two texts of three tokens."""
    for name, comment, positions, dtype in (
        ("small", "Positions count from 0.", None, "float64"),
        ("far", "Angles in float32 would be off.", (FAR, 1, 70_000), "float64"),
        ("single-precision", "float32 comes out so.", (FAR, 1, 70_000), "float32"),
    ):
        own_seed = zlib.crc32(f"{seed}/sinusoidal/{name}".encode())
        inputs: dict[str, Any] = {
            "x": numbers("normal", (2, 3, 8), own_seed).astype(dtype),
            "positions": None if positions is None else np.array(positions),
        }
        case = Case({"dim": 8, "theta": THETA}, inputs, seed=own_seed)
        yield Example(name, case, comment)


def probes(seed: int) -> Iterator[Probe]:
    """Try a long text of wide tokens, and one that is continued."""
    for n_tokens, dim, kind in ((65, 128, "none"), (17, 2, "behind others")):
        rule = f"{n_tokens} tokens, {dim} channels, positions: {kind}"
        x = numbers("normal", (2, n_tokens, dim), seed)
        positions = drawn_positions(kind, (2,), n_tokens, seed)
        inputs = {"x": x, "positions": positions}
        yield Probe(rule, Case({"dim": dim, "theta": THETA}, inputs, seed=seed))


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Encode the positions of windows of a text."""
    ids = windows(text)
    x = embedding(seed)(ids)
    config = {"dim": x.shape[-1], "theta": THETA}
    case = Case(config, {"x": x, "positions": None}, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


def rejected(error: type[Exception], text: str, **given: Any) -> Rejection:
    """Make a rejection of an argument, or of inputs that are given."""
    config = {"dim": given.pop("dim", 4), "theta": given.pop("theta", THETA)}
    return Rejection(error, text, config, inputs=given)


X = np.zeros((2, 4))
PAIR = Pair(
    path=PATH,
    cases=encoding_cases(),
    properties=(
        REPEATABLE,
        Property(the_encoding_is_added, for_all=True),
        Property(position_zero_has_sines_of_zero_and_cosines_of_one, for_all=True),
        Property(sine_and_cosine_are_of_one_angle, for_all=True),
        Property(each_token_is_encoded_by_itself, for_all=True),
        Property(moving_on_turns_the_encoding),
        Property(the_gradient_passes_as_it_is),
        *GRADIENTS,
    ),
    rejections=(
        rejected(ValueError, "dim must be even, got 5", dim=5),
        rejected(ValueError, "dim must be at least 1, got 0", dim=0),
        rejected(ValueError, "theta must be finite and above 0, got -1.0", theta=-1.0),
        rejected(
            ValueError, "x must have d_in = 4 channels, got 3", x=np.zeros((2, 3))
        ),
        rejected(
            *(TypeError, "positions must be integers, got float64"),
            x=X,
            positions=np.zeros(2),
        ),
        rejected(
            *(
                ValueError,
                "positions must have shape (…, T) that broadcasts to (2,), got (3,)",
            ),
            x=X,
            positions=np.zeros(3, int),
        ),
    ),
    oracles=(
        Oracle("complex exponentials", exponentials),
        Oracle(
            "transformers’ create_sinusoidal_embeddings of DistilBERT",
            distilbert,
            encoding_cases((THETA,)).filter(in_the_table),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestSinusoidalEncoding(PairTests):
    """All that is asked of every pair, and what modules of PyTorch are put through."""

    pair = PAIR

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_a_module_cast_down_keeps_its_frequencies_in_float64(self, dtype):
        module = PAIR.part(TORCH)(8)
        expected = module.frequencies.clone()

        assert compare(expected, module.to(dtype).double().frequencies).holds

    def test_a_module_made_on_meta_has_its_frequencies_when_it_leaves(self):
        with torch.device("meta"):
            module = PAIR.part(TORCH)(8)
        x = torch.ones(2, 8)

        assert module.state_dict() == {}
        assert compare(PAIR.part(TORCH)(8)(x), module.to_empty(device="cpu")(x)).holds
