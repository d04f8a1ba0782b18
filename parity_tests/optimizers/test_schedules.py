"""Learning-rate schedules: their properties, rejections and oracles.

A case is a curve: the rates of several steps, one after another.
"""

import math
import zlib
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers import optimization as hf

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE, Backend
from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, seeds
from parity_tests.text.real_text import PRECISIONS, gpt2_ids

PATH = "optimizers/schedules"
WARMUPS, DECAYS = ("from_one", "from_zero"), ("cosine", "linear", "one_minus_sqrt")


def curve(backend: Backend, part: Any, case: Case) -> Any:
    """Ask for the rate of each step in turn."""
    peak, steps = backend.own(case.inputs["peak"]), case.inputs["steps"].tolist()
    rates = [part(step, peak, **case.config) for step in steps]
    return np.stack(rates) if backend is REFERENCE else torch.stack(rates)


def case_of(config: dict[str, Any], peak: float, dtype: Any = np.float64) -> Case:
    """Make the whole curve of a schedule, and some steps after its end."""
    steps = np.arange(config["total_steps"] + 3)
    return Case(config, {"steps": steps, "peak": np.asarray(peak, dtype)})


@st.composite
def schedule_cases(
    draw: st.DrawFn, warmups: Any = WARMUPS, decays: Any = DECAYS, floors: bool = True
) -> Case:
    """Draw lengths of warm-up, of what is between and of decay: whole curves."""
    warmup_steps = draw(st.integers(0, 5))
    n_stable, decay_steps = draw(st.integers(0, 4)), draw(st.integers(1, 7))
    peak = draw(st.sampled_from((3e-3, 1.0, 6e-4, 0.1)))
    config = {
        "total_steps": warmup_steps + n_stable + decay_steps,
        "warmup_steps": warmup_steps,
        "decay_steps": decay_steps if n_stable else draw(nothing_or(decay_steps)),
        "floor": draw(st.sampled_from((0.0, 0.1 * peak))) if floors else 0.0,
        "warmup": draw(st.sampled_from(warmups)),
        "decay": draw(st.sampled_from(decays)),
    }
    return replace(case_of(config, peak, draw(dtypes)), seed=draw(seeds))


def nothing_or(number: int) -> st.SearchStrategy[int | None]:
    """Draw a number, or that it is left out."""
    return st.sampled_from((None, number))


def lengths(case: Case) -> tuple[int, int, int]:
    """Return the steps of warm-up, the step at which decay begins, and all steps."""
    total, warmup_steps = case.config["total_steps"], case.config["warmup_steps"]
    decay_steps = case.config["decay_steps"] or total - warmup_steps
    return warmup_steps, total - decay_steps, total


def between_warmup_and_decay_the_rate_is_the_peak(
    run: Implementation, case: Case
) -> Agreement:
    """And at the step at which decay begins."""
    warmup_steps, begin, _ = lengths(case)
    stable = run(case)[warmup_steps : begin + 1]
    peak = np.broadcast_to(case.inputs["peak"], stable.shape)
    return compare(peak, stable, run.rounding(case))


def after_the_last_step_the_rate_is_the_floor(
    run: Implementation, case: Case
) -> Agreement:
    """It does not rise again, however long training goes on."""
    after = run(case)[case.config["total_steps"] :]
    floor = np.full_like(after, case.config["floor"])
    return compare(floor, after, run.rounding(case))


def no_rate_is_above_the_peak_or_below_zero(
    run: Implementation, case: Case
) -> Agreement:
    """In a warm-up it may be below the floor."""
    rates = run(case)
    bounded = np.clip(rates, 0, case.inputs["peak"])
    return compare(bounded, rates, run.rounding(case))


def the_warmup_rises_by_equal_steps(run: OneBackend, case: Case) -> Agreement:
    """By peak / w each, from peak / w or from 0."""
    warmup_steps, *_ = lengths(case)
    first = 1 if case.config["warmup"] == "from_one" else 0
    peak = case.inputs["peak"]
    shares = np.arange(first, first + warmup_steps) / max(warmup_steps, 1)
    expected = (float(peak) * shares).astype(peak.dtype)
    return compare(expected, run(case)[:warmup_steps], run.rounding(case))


def the_conventions_of_warmup_are_one_step_off(
    run: OneBackend, case: Case
) -> Agreement:
    """Counting from one is a step ahead of counting from zero, in the warm-up alone."""
    one, zero = (
        run(replace(case, config={**case.config, "warmup": warmup}))
        for warmup in WARMUPS
    )
    warmup_steps, *_ = lengths(case)
    if warmup_steps == 0:
        return compare(zero, one)
    unit = run.rounding(case)
    return compare(
        [zero[1 : warmup_steps + 1], zero[warmup_steps:]],
        [one[:warmup_steps], one[warmup_steps:]],
        unit,
    )


def the_decay_never_rises(run: Implementation, case: Case) -> Agreement:
    """Each step has at most the rate of the one before."""
    warmup_steps, *_ = lengths(case)
    decay = run(case)[warmup_steps:]
    lowest = np.minimum.accumulate(decay)
    return compare(lowest, decay, run.rounding(case))


def halfway_a_cosine_and_a_line_are_halfway(run: OneBackend, case: Case) -> Agreement:
    """And one minus a root is there after a quarter."""
    share = 4 if case.config["decay"] == "one_minus_sqrt" else 2
    config = {**case.config, "total_steps": 9, "warmup_steps": 0, "decay_steps": 8}
    case = replace(case, config=config)
    case = case.with_inputs(steps=np.array([0, 1 + 8 // share]))
    peak = case.inputs["peak"]
    middle = (float(peak) + case.config["floor"]) / 2
    return compare(np.array([peak, middle], peak.dtype), run(case), run.rounding(case))


def each_step_is_by_itself(run: OneBackend, case: Case) -> Agreement:
    """Nothing is remembered: a run may be resumed anywhere."""
    order = case.stream("order").permutation(len(case.inputs["steps"]))
    shuffled = case.with_inputs(steps=case.inputs["steps"][order])
    return compare(run(case)[order], run(shuffled))


def twice_the_peak_and_floor_are_twice_the_rate(
    run: OneBackend, case: Case
) -> Agreement:
    """A schedule is a shape."""
    config = {**case.config, "floor": 2 * case.config["floor"]}
    twice = replace(case, config=config).with_inputs(
        peak=np.asarray(2 * case.inputs["peak"])
    )
    return compare(2 * run(case), run(twice))


def of_transformers_cosine(case: Case) -> Array:
    """Ask the cosine schedule of transformers, which counts from zero."""
    return asked(
        case,
        lambda step: hf._get_cosine_schedule_with_warmup_lr_lambda(
            step,
            num_warmup_steps=case.config["warmup_steps"],
            num_training_steps=case.config["total_steps"],
            num_cycles=0.5,
        ),
        last=case.config["total_steps"],
    )


def of_transformers_wsd(case: Case) -> Array:
    """Ask the schedule of transformers with warm-up, stable steps and decay."""
    warmup_steps, begin, total = lengths(case)
    return asked(
        case,
        lambda step: hf._get_wsd_scheduler_lambda(
            step,
            num_warmup_steps=warmup_steps,
            num_stable_steps=begin - warmup_steps,
            num_decay_steps=total - begin,
            warmup_type="linear",
            decay_type=case.config["decay"].replace("one_minus_sqrt", "1-sqrt"),
            min_lr_ratio=0.0,
            num_cycles=0.5,
        ),
    )


def asked(case: Case, share: Any, last: float = math.inf) -> Array:
    """Multiply the peak by the share of each step; theirs rises after the last."""
    peak = case.inputs["peak"]
    shares = [share(min(step, last)) for step in case.inputs["steps"].tolist()]
    return (float(peak) * np.array(shares)).astype(peak.dtype)


def in_fractions(case: Case) -> Array:
    """Compute every rate exactly, as a fraction; a root or a cosine is a float."""
    warmup_steps, begin, total = lengths(case)
    peak, floor = (
        Fraction(float(x)) for x in (case.inputs["peak"], case.config["floor"])
    )
    shapes = {
        "linear": lambda p: 1 - p,
        "one_minus_sqrt": lambda p: 1 - Fraction(math.sqrt(p)),
        "cosine": lambda p: Fraction(math.sin(math.pi * (1 - p) / 2) ** 2),
    }
    rates = []
    for step in case.inputs["steps"].tolist():
        if step < warmup_steps:
            first = 1 if case.config["warmup"] == "from_one" else 0
            rates.append(peak * Fraction(step + first, warmup_steps))
            continue
        progress = min(max(Fraction(step - begin, total - begin), Fraction(0)), 1)
        rates.append(floor + (peak - floor) * shapes[case.config["decay"]](progress))
    return np.array([float(rate) for rate in rates], case.inputs["peak"].dtype)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Train on each window of 64 tokens of a text once; ask for 100 of the steps."""
    total = max(len(gpt2_ids(text)) // 64, 2)
    config = {**PLAIN, "total_steps": total, "warmup_steps": total // 10}
    steps = np.unique(np.linspace(0, total, 100).astype(int))
    return [
        (
            f"{len(steps)} of {total} steps",
            case_of({**config, "floor": 3e-4}, 3e-3, dtype).with_inputs(steps=steps),
        )
        for dtype in PRECISIONS
    ]


PLAIN: dict[str, Any] = {
    "total_steps": 8,
    "warmup_steps": 2,
    "decay_steps": None,
    "floor": 0.0,
    "warmup": "from_one",
    "decay": "cosine",
}
SKETCHES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("cosine", "Two steps of warm-up, six of half a wave.", {}),
    ("from-zero", "The first step changes nothing.", {"warmup": "from_zero"}),
    ("floor", "A tenth of the peak remains.", {"floor": 0.1}),
    (
        "stable",
        "Warm-up, stable, decay: the last four steps decay.",
        {"total_steps": 10, "decay_steps": 4, "decay": "one_minus_sqrt"},
    ),
    ("linear", "A line, and no warm-up.", {"warmup_steps": 0, "decay": "linear"}),
)


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, comment, changes in SKETCHES:
        case = case_of({**PLAIN, **changes}, 1.0)
        yield Example(name, replace(case, seed=zlib.crc32(name.encode())), comment)


def probes(seed: int) -> Iterator[Probe]:
    """Try long runs, one step, and a warm-up that takes nearly all steps."""
    for rule, changes in (
        ("one step", {"total_steps": 1, "warmup_steps": 0}),
        ("a warm-up of all steps but one", {"total_steps": 9, "warmup_steps": 8}),
        ("257 steps", {"total_steps": 257, "warmup_steps": 20, "floor": 3e-4}),
        (
            "a short decay behind many steps",
            {"total_steps": 130, "decay_steps": 3, "decay": "linear"},
        ),
    ):
        for dtype in PRECISIONS:
            case = case_of({**PLAIN, **changes}, 3e-3, dtype)
            yield Probe(f"{rule}, in {dtype.__name__}", replace(case, seed=seed))


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"step": -1}, "step must be at least 0, got -1"),
    ({"warmup_steps": -2}, "warmup_steps must be at least 0, got -2"),
    ({"decay_steps": 0}, "decay_steps must be at least 1, got 0"),
    ({"warmup_steps": 8}, "decay_steps must be at least 1, got 0"),
    (
        {"decay_steps": 7},
        "warm-up and decay must fit into total_steps, got 2 + 7 of 8",
    ),
    ({"warmup": "linear"}, "warmup must be one of from_one, from_zero, got 'linear'"),
    (
        {"decay": "sqrt"},
        "decay must be one of cosine, linear, one_minus_sqrt, got 'sqrt'",
    ),
)

PAIR = Pair(
    path=PATH,
    cases=schedule_cases(),
    properties=(
        REPEATABLE,
        Property(between_warmup_and_decay_the_rate_is_the_peak, for_all=True),
        Property(after_the_last_step_the_rate_is_the_floor, for_all=True),
        Property(no_rate_is_above_the_peak_or_below_zero, for_all=True),
        Property(the_decay_never_rises, for_all=True),
        Property(the_warmup_rises_by_equal_steps),
        Property(the_conventions_of_warmup_are_one_step_off),
        Property(halfway_a_cosine_and_a_line_are_halfway),
        Property(each_step_is_by_itself),
        Property(twice_the_peak_and_floor_are_twice_the_rate),
    ),
    rejections=tuple(
        Rejection(ValueError, text, {"step": 0, "peak": 1.0, **PLAIN, **bad})
        for bad, text in BAD
    ),
    oracles=(
        Oracle("fractions", in_fractions),
        Oracle(
            "transformers’ cosine schedule",
            of_transformers_cosine,
            schedule_cases(("from_zero",), ("cosine",), floors=False).filter(
                lambda case: lengths(case)[0] == lengths(case)[1]
            ),
        ),
        Oracle(
            "transformers’ schedule with stable steps",
            of_transformers_wsd,
            schedule_cases(("from_zero",), floors=False),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    run=curve,
)


class TestLearningRate(PairTests):
    """All that is asked of every pair, and how an optimizer takes a rate."""

    pair = PAIR

    def test_a_rate_for_each_group_is_an_array(self, backend):
        peaks = backend.own(np.array([1.0, 4.0]))
        rates = PAIR.part(backend)(0, peaks, **PLAIN)

        assert compare(np.array([0.5, 2.0]), rates).holds

    @pytest.mark.parametrize("step", range(8))
    def test_lambda_lr_gives_each_step_its_rate(self, step):
        schedule, peak = PAIR.part(REFERENCE), 0.5
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=peak)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: schedule(step, 1.0, **PLAIN)
        )
        for _ in range(step):
            optimizer.step()
            scheduler.step()

        assert scheduler.get_last_lr() == [schedule(step, peak, **PLAIN)]
