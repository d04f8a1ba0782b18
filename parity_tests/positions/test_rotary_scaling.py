"""Rotary scaling: its properties, rejections, and transformers' tables as oracle."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers import PreTrainedConfig, modeling_rope_utils
from transformers.models.deepseek_v3.modeling_deepseek_v3 import yarn_get_mscale

from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, seeds
from parity_tests.oracles.float64 import in_float64
from parity_tests.positions.rotary_cases import plain
from reference.positions.rotary import rotary_frequencies

FACTORS = (1.0, 1.5, 2.0, 8.0, 40.0)
LENGTHS = (64, 4096, 8192)
KINDS = ("linear", "ntk", "dynamic", "llama3", "yarn", "longrope")
IN_TRANSFORMERS = ("linear", "dynamic", "llama3", "yarn", "longrope")
mscales = st.sampled_from((None, 0.707, 1.0))
betas = st.sampled_from(((32.0, 1.0), (4.0, 2.0), (1.0, 1.0)))


@st.composite
def settings_of(draw: st.DrawFn, kind: str, n_pairs: int, theta: float) -> Any:
    """Draw what a table takes besides frequencies."""
    settings: dict[str, Any] = {"factor": draw(st.sampled_from(FACTORS))}
    if kind not in ("linear", "ntk"):
        settings["original_length"] = draw(st.sampled_from(LENGTHS))
    if kind == "llama3" and draw(st.booleans()):
        settings |= {"low_frequency_factor": 0.5, "high_frequency_factor": 32.0}
    if kind == "yarn":
        fast, slow = draw(betas)
        settings |= {"theta": theta, "beta_fast": fast, "beta_slow": slow}
        settings |= {"truncate": draw(st.booleans()), "mscale": draw(mscales)}
        settings["mscale_all_dim"] = draw(mscales)
        settings["attention_factor"] = draw(st.sampled_from((None, None, 1.25)))
    if kind == "longrope":
        for name in ("short_factors", "long_factors"):
            some = st.floats(1, 64)
            settings[name] = tuple(draw(some) for _ in range(n_pairs))
        settings["attention_factor"] = draw(st.sampled_from((None, None, 1.25)))
    return settings


@st.composite
def scaling_cases(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> Case:
    """Draw a table with its settings, frequencies, and the length of a text."""
    kind, n_pairs = draw(st.sampled_from(kinds)), draw(st.sampled_from((2, 3, 8, 32)))
    theta = draw(st.sampled_from((10_000.0, 500_000.0, 100.0)))
    settings = draw(settings_of(kind, n_pairs, theta))
    trained = settings.get("original_length", 64)
    length = draw(st.sampled_from((None, 1, trained, trained + 1, 3 * trained)))
    with unchecked():
        rates = rotary_frequencies(2 * n_pairs, theta)
    inputs = {"frequencies": np.array(rates, draw(dtypes)), "length": length}
    return Case({"kind": kind, **settings}, inputs, seed=draw(seeds))


def with_settings(case: Case, **settings: Any) -> Case:
    """Change some settings of a case."""
    return replace(case, config={**case.config, **settings})


def same_factors(case: Case, factor: float) -> Case:
    """Let everything be `factor` times longer, or every pair so much slower."""
    case = with_settings(case, factor=factor)
    rows = (factor,) * case.inputs["frequencies"].size
    if case.config["kind"] == "longrope":
        case = with_settings(case, short_factors=rows, long_factors=rows)
    if "attention_factor" in case.config:
        case = with_settings(case, attention_factor=None)
    return case


def a_factor_of_one_changes_nothing(run: Implementation, case: Case) -> Agreement:
    """What is no longer needs no slower rotation, and both factors are 1."""
    case = same_factors(case, 1.0).with_inputs(length=None)
    before = (case.inputs["frequencies"], 1.0, 1.0)
    return compare(before, run(case), run.rounding(case))


def no_pair_turns_faster_nor_slower_than_by_the_factor(
    run: Implementation, case: Case
) -> Agreement:
    """Whatever a table blends is between the frequency and that by the factor."""
    case = same_factors(case, case.config["factor"])
    if case.config["kind"] == "dynamic":
        case = case.with_inputs(length=2 * case.config["original_length"])
        case = with_settings(case, factor=2.0)
    slowest = case.config["factor"] + (case.config["kind"] == "dynamic")
    before, scaled = case.inputs["frequencies"], run(case)[0]
    expected = np.clip(scaled, before / before.dtype.type(slowest), before)
    return compare(expected, scaled, run.rounding(case))


def the_fastest_pair_stays_and_the_slowest_is_slowed_by_the_factor(
    run: Implementation, case: Case
) -> Agreement:
    """A base of θ · s^(D / (D - 2)) is chosen for that."""
    before = case.inputs["frequencies"]
    scaled = run(case)[0]
    ends = np.array([before[0], before[-1] / before.dtype.type(case.config["factor"])])
    return compare(ends, scaled[[0, -1]], run.rounding(case))


def a_larger_base_is_what_ntk_makes(run: Implementation, case: Case) -> Agreement:
    """θ' = θ · s^(D / (D - 2)), put in the place of θ."""
    n_pairs = case.inputs["frequencies"].size
    ratio = float(case.inputs["frequencies"][1])
    power = n_pairs / (n_pairs - 1)
    theta = ratio**-n_pairs * case.config["factor"] ** power
    expected = np.array(rotary_frequencies(2 * n_pairs, theta), case.dtype)
    return compare(expected, run(case)[0], n_pairs * run.rounding(case))


def nothing_is_scaled_up_to_the_original_length(
    run: Implementation, case: Case
) -> Agreement:
    """Dynamic scaling begins where the text is longer."""
    case = case.with_inputs(length=case.config["original_length"])
    before = case.inputs["frequencies"]
    return compare(before, run(case)[0], run.rounding(case))


def dividing_frequencies_divides_positions(run: OneBackend, case: Case) -> Agreement:
    """Interpolated by 4, position 4 · p turns as p did, to the last bit."""
    rotary = OneBackend(load("positions/rotary"), run.backend)
    case = with_settings(case.astype(np.float64), factor=4.0)
    before, (scaled, *_) = case.inputs["frequencies"], run(case)
    x = case.stream("vectors").normal(size=(3, 2 * before.size))
    places = np.array([1, 5, 700])
    usual, longer = (
        Case(plain(x.shape[-1], frequencies=tuple(rates)), {"x": x, "positions": p})
        for rates, p in ((before, places), (as_array(scaled), 4 * places))
    )
    return compare(rotary(usual), rotary(longer))


def an_attention_factor_is_squared_in_the_scores(
    run: OneBackend, case: Case
) -> Agreement:
    """With equal mscales the factor leaves the rotation and multiplies scores."""
    rotary = OneBackend(load("positions/rotary"), run.backend)
    case = with_settings(case, attention_factor=None).astype(np.float64)
    before, scores = case.inputs["frequencies"], []
    x = case.stream("vectors").normal(size=(3, 2 * before.size))
    for mscale in (None, 1.0):
        settings = {"mscale": mscale, "mscale_all_dim": mscale}
        scaled, factor, score_factor = run(with_settings(case, **settings))
        config = plain(x.shape[-1], frequencies=tuple(scaled), attention_factor=factor)
        turned = rotary(Case(config, {"x": x, "positions": None}))
        scores.append(turned @ turned.mT * score_factor)
    return compare(*scores, 1e-15 * x.size * float(np.abs(scores[0]).max()))


def as_given(result: tuple[Any, float, float]) -> tuple[Any, float, float]:
    """Convert the frequencies to NumPy; both factors are plain numbers."""
    frequencies, attention_factor, score_factor = result
    return as_array(frequencies), attention_factor, score_factor


NTK, DYNAMIC = scaling_cases(("ntk",)), scaling_cases(("dynamic",))


def transformers(case: Case) -> tuple[Any, ...]:
    """Compute transformers' table, and DeepSeek's factor of the scores."""
    config, settings = case.config, dict(case.config)
    n_pairs = case.inputs["frequencies"].size
    ratio = float(case.inputs["frequencies"][1])
    names = {
        "original_length": "original_max_position_embeddings",
        "kind": "rope_type",
        "theta": "rope_theta",
        "short_factors": "short_factor",
        "long_factors": "long_factor",
        "low_frequency_factor": "low_freq_factor",
        "high_frequency_factor": "high_freq_factor",
    }
    usual = {"rope_theta": round(ratio**-n_pairs)}
    if config["kind"] == "llama3":
        usual |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope = usual | {names.get(name, name): value for name, value in settings.items()}
    length = case.inputs["length"]
    with in_float64(modeling_rope_utils):
        theirs = PreTrainedConfig(
            head_dim=2 * n_pairs,
            hidden_size=2 * n_pairs,
            num_attention_heads=1,
            max_position_embeddings=settings.get("original_length", 64),
            rope_parameters=rope,
        )
        table = modeling_rope_utils.ROPE_INIT_FUNCTIONS[config["kind"]]
        frequencies, factor = table(theirs, "cpu", seq_len=length)
    all_dim = config.get("mscale_all_dim") or 0.0
    score_factor = float(yarn_get_mscale(config["factor"], all_dim)) ** 2
    dtype = getattr(torch, case.dtype)
    return frequencies.to(dtype), float(factor), score_factor


def examples(seed: int) -> Iterator[Example]:
    """Make the tables of well-known models, and the others."""
    trained = {"factor": 4.0, "original_length": 4096}
    rows = {"short_factors": (1.0, 1.0, 1.5, 2.0), "long_factors": (1.0, 2.0, 8.0, 9.0)}
    for name, comment, kind, settings in (
        ("interpolated", "Half as fast, all of them.", "linear", {"factor": 2.0}),
        ("larger-base", "The fastest pair stays.", "ntk", {"factor": 8.0}),
        ("as-it-grows", "Three times the original length.", "dynamic", trained),
        ("llama-3.1", "Settings of the model.", "llama3", {**trained, "factor": 8.0}),
        (
            *("deepseek-v3", "The scores have a factor.", "yarn"),
            {**trained, "factor": 40.0, "mscale": 1.0, "mscale_all_dim": 1.0},
        ),
        (
            *("gpt-oss", "The range is not rounded.", "yarn"),
            {**trained, "factor": 32.0, "theta": 150_000.0, "truncate": False},
        ),
        ("by-search", "A factor for every pair.", "longrope", {**trained, **rows}),
    ):
        own_seed = zlib.crc32(f"{seed}/scaling/{name}".encode())
        theta = settings.get("theta", 10_000.0)
        inputs = {"frequencies": np.array(rotary_frequencies(8, theta))}
        case = Case(
            {"kind": kind, **settings}, {**inputs, "length": 12_288}, seed=own_seed
        )
        yield Example(name, case, comment)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Scale for a text as long as this one; its tokens do not matter."""
    cases = [each.case for each in examples(seed)]
    length = len(text)
    return [(f"{length} long", case.with_inputs(length=length)) for case in cases]


def rejected(error: type[Exception], text: str, n: int = 2, **config: Any) -> Rejection:
    """Make a rejection, with frequencies for what only they can show."""
    return Rejection(
        error, text, config, inputs={"frequencies": np.ones(n), "length": 9}
    )


ROWS = {"short_factors": (1.0,), "long_factors": (1.0, 2.0)}
PAIR = Pair(
    path="positions/rotary_scaling",
    cases=scaling_cases(),
    properties=(
        REPEATABLE,
        Property(a_factor_of_one_changes_nothing, for_all=True),
        Property(no_pair_turns_faster_nor_slower_than_by_the_factor, for_all=True),
        Property(the_fastest_pair_stays_and_the_slowest_is_slowed_by_the_factor, NTK),
        Property(a_larger_base_is_what_ntk_makes, NTK),
        Property(nothing_is_scaled_up_to_the_original_length, DYNAMIC),
        Property(dividing_frequencies_divides_positions, scaling_cases(("linear",))),
        Property(
            an_attention_factor_is_squared_in_the_scores, scaling_cases(("yarn",))
        ),
    ),
    rejections=(
        rejected(
            ValueError,
            f"scaling must be one of {', '.join(KINDS)}, got 'rope'",
            kind="rope",
        ),
        rejected(TypeError, "missing a required argument: 'factor'", kind="linear"),
        rejected(
            *(TypeError, "got an unexpected keyword argument 'beta'"),
            kind="linear",
            factor=2.0,
            beta=1.0,
        ),
        rejected(
            *(ValueError, "factor must be above 0, got 0.0"),
            kind="linear",
            factor=0.0,
        ),
        rejected(
            *(ValueError, "original_length must be above 0, got -1"),
            kind="dynamic",
            factor=2.0,
            original_length=-1,
        ),
        rejected(
            *(ValueError, "there must be two frequencies or more, got 1", 1),
            kind="ntk",
            factor=2.0,
        ),
        rejected(
            *(ValueError, "there must be 2 short_factors, one a pair, got 1"),
            **{"kind": "longrope", "factor": 2.0, "original_length": 4, **ROWS},
        ),
    ),
    oracles=(
        Oracle(
            "transformers’ ROPE_INIT_FUNCTIONS",
            transformers,
            scaling_cases(IN_TRANSFORMERS),
        ),
    ),
    on_text=on_text,
    examples=examples,
    answer=as_given,
)


class TestRotaryScaling(PairTests):
    """All that is asked of every pair, and published factors."""

    pair = PAIR

    @pytest.mark.parametrize(
        ("name", "attention_factor", "score_factor"),
        [
            ("gpt-oss", 1.3465735902799727, 1.0),  # 0.1 ln 32 + 1
            ("deepseek-v3", 1.0, 1.3688879454113936**2),  # 0.1 ln 40 + 1
            ("by-search", math.sqrt(1 + 2 / 12), 1.0),  # 4 and 4096 are powers of 2
        ],
    )
    def test_factors_of_models_are_those_published(
        self, backend, name, attention_factor, score_factor
    ):
        case = next(each.case for each in PAIR.examples(0) if each.name == name)
        _, *factors = PAIR.call(backend, case)

        assert compare([attention_factor, score_factor], factors, 1e-16).holds
