"""Gradient clipping: its properties, rejections and oracles."""

import math
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import Backend
from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, seeds
from parity_tests.optimizers import properties
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "optimizers/clip"
NAMES = ("weight", "bias", "scale", "table")


def clip(backend: Backend, part: Any, case: Case) -> Any:
    """Clip the gradients of a case by name; return them in order, and the norm."""
    clipped, norm = part(backend.own(dict(case.inputs)), **case.config)
    return (*clipped.values(), norm)


def length(arrays: Any) -> float:
    """Measure the norm of all arrays as one vector, without overflow."""
    return math.hypot(*(float(x) for array in arrays for x in np.ravel(array)))


@st.composite
def gradient_cases(draw: st.DrawFn) -> Case:
    """Draw one to four gradients, and a limit below, near or above their norm."""
    seed, dtype = draw(seeds), draw(dtypes)
    sizes = st.lists(st.sampled_from((1, 2, 3, 5, 0)), min_size=1, max_size=3)
    gradients = {}
    for number in range(draw(st.integers(1, 4))):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        drawn = scale * numbers(pattern, tuple(draw(sizes)), seed + number)
        gradients[NAMES[number]] = drawn.astype(dtype)
    limit = draw(st.sampled_from((0.5, 0.999, 1.001, 2.0))) * length(gradients.values())
    max_norm = draw(st.sampled_from((1.0, 1e-3, 100.0, limit or 1.0, math.inf)))
    return Case({"max_norm": max_norm}, gradients, seed=seed)


def is_clipped(case: Case) -> bool:
    """Whether the norm is above the limit."""
    return length(case.inputs.values()) > case.config["max_norm"]


def the_norm_is_at_most_the_limit(run: Implementation, case: Case) -> Agreement:
    """Of what comes out, that is."""
    *clipped, _ = run(case)
    after, unit = length(clipped), 4 * run.rounding(case)
    if math.isinf(case.config["max_norm"]):
        return compare(after, after)
    return compare(min(after, case.config["max_norm"]), after, unit)


def gradients_below_the_limit_are_not_changed(
    run: Implementation, case: Case
) -> Agreement:
    """A factor of exactly one."""
    max_norm = 2 * length(case.inputs.values()) + 1
    *clipped, _ = run(with_limit(case, max_norm))
    return compare([*case.inputs.values()], clipped)


def with_limit(case: Case, max_norm: float) -> Case:
    """Change the limit."""
    return Case({"max_norm": max_norm}, case.inputs, seed=case.seed)


def the_norm_that_is_returned_is_that_before(run: OneBackend, case: Case) -> Agreement:
    """A spike must be seen, though it is clipped."""
    *_, norm = run(case)
    before = norm.dtype.type(length(case.inputs.values()))
    return compare(before, norm, run.rounding(case, "norm"))


def the_limit_does_not_change_the_norm(run: Implementation, case: Case) -> Agreement:
    """Whatever is done about it, it is the same to the last bit."""
    *_, norm = run(case)
    *_, other = run(with_limit(case, 0.1))
    return compare(norm, other, run.repeatability(case))


def the_direction_stays(run: OneBackend, case: Case) -> Agreement:
    """All gradients are multiplied by one number: max_norm / norm, or 1."""
    *clipped, norm = run(case)
    factor = min(case.config["max_norm"] / (length(case.inputs.values()) + 1e-6), 1.0)
    dtype = norm.dtype.type
    expected = [array * dtype(factor) for array in case.inputs.values()]
    return compare(expected, clipped, 2 * run.rounding(case))


def how_the_gradients_are_cut_into_arrays_does_not_matter(
    run: OneBackend, case: Case
) -> Agreement:
    """One norm over all: one long vector is clipped as they are."""
    *clipped, norm = run(case)
    joined = Case(case.config, {"all": flat(case.inputs.values())}, seed=case.seed)
    return compare([flat(clipped), norm], [*run(joined)], 2 * run.rounding(case))


def flat(arrays: Any) -> Array:
    """Put all numbers one behind the other."""
    return np.concatenate([np.ravel(array) for array in arrays])


def the_order_of_the_gradients_does_not_matter(
    run: OneBackend, case: Case
) -> Agreement:
    """The last comes first, and comes out first."""
    *clipped, norm = run(case)
    backwards = dict(reversed(case.inputs.items()))
    *found, other = run(Case(case.config, backwards, seed=case.seed))
    unit = run.rounding(case)
    return compare([*clipped, norm], [*reversed(found), other], unit)


def of_pytorch(case: Case) -> Any:
    """Let PyTorch clip the gradients of parameters, in place."""
    parameters = []
    for gradient in case.inputs.values():
        parameters.append(torch.nn.Parameter(torch.zeros(gradient.shape)))
        parameters[-1].data = torch.from_numpy(gradient * 0)
        parameters[-1].grad = torch.from_numpy(gradient.copy())
    norm = torch.nn.utils.clip_grad_norm_(parameters, case.config["max_norm"])
    return tuple(as_array(each) for each in (*(p.grad for p in parameters), norm))


def number_by_number(case: Case) -> Any:
    """Multiply each number by itself in Python, by the formula."""
    norm, dtype = length(case.inputs.values()), next(iter(case.arrays())).dtype
    factor = min(1.0, case.config["max_norm"] / (norm + 1e-6))
    clipped = [
        np.array([float(x) * factor for x in g.ravel()], dtype).reshape(g.shape)
        for g in case.inputs.values()
    ]
    return (*clipped, dtype.type(norm))


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Clip what could be gradients of a weight and of a bias, from embedded windows."""
    ids = windows(text)
    x = embedding(seed)(ids).reshape(-1, 48)
    both = {"weight": x.T @ x, "bias": x.sum(axis=0)}
    case = Case({"max_norm": 1.0}, both, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


SKETCHES = (
    ("small", "Norm 5, limit 1: a fifth of each is left.", [[3.0, 0.0]], [4.0], 1.0),
    ("below", "The norm is below the limit.", [[0.3, 0.0]], [0.4], 1.0),
    ("one-is-large", "The small one is shortened too.", [[300.0, 1.0]], [0.01], 1.0),
    ("zero", "No gradient: the norm is 0.", [[0.0, 0.0]], [0.0], 1.0),
    ("only-measured", "An infinite limit.", [[3.0, 0.0]], [4.0], math.inf),
)


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, comment, weight, bias, max_norm in SKETCHES:
        inputs = {"weight": np.array(weight), "bias": np.array(bias)}
        flags = ("EdgeCase",) if name == "zero" else ()
        yield Example(name, Case({"max_norm": max_norm}, inputs), comment, flags)


SHAPES: tuple[tuple[str, list[tuple[int, ...]], Any, str, float], ...] = (
    ("one gradient of one number", [(1,)], np.float64, "", 1.0),
    ("two gradients, one without a number", [(0, 3), (3,)], np.float64, "", 1.0),
    ("17 gradients", [(n, 3) for n in range(1, 18)], np.float32, "", 1.0),
    ("40,000 numbers", [(200, 200), (200,)], np.float32, "transposed", 1.0),
    ("3 × 1,030 numbers", [(3, 1030), (7, 129)], np.float64, "gaps", 1.0),
    ("numbers of a billion", [(5, 3), (5,)], np.float32, "read-only", 1e9),
    ("numbers of a billionth", [(5, 3), (5,)], np.float32, "", 1e-9),
)


def probes(seed: int) -> Iterator[Probe]:
    """Try many gradients, large ones, and layouts."""
    for rule, shapes, dtype, layout, scale in SHAPES:
        rng = np.random.default_rng(zlib.crc32(f"{seed}/{rule}".encode()))
        inputs = {
            f"gradient_{number}": LAYOUTS[layout](
                (scale * rng.normal(size=shape)).astype(dtype)
            )
            for number, shape in enumerate(shapes)
        }
        limit = 0.3 * length(inputs.values())
        yield Probe(rule, Case({"max_norm": limit}, inputs, seed=seed))


PAIR = Pair(
    path=PATH,
    cases=gradient_cases(),
    properties=(
        *properties.OF_ALL,
        Property(the_norm_is_at_most_the_limit, for_all=True),
        Property(gradients_below_the_limit_are_not_changed, for_all=True),
        Property(the_limit_does_not_change_the_norm, for_all=True),
        Property(the_norm_that_is_returned_is_that_before),
        Property(the_direction_stays),
        Property(how_the_gradients_are_cut_into_arrays_does_not_matter),
        Property(the_order_of_the_gradients_does_not_matter),
    ),
    rejections=tuple(
        Rejection(
            ValueError,
            f"max_norm must be above 0, got {max_norm}",
            {"gradients": {"weight": np.ones(2)}, "max_norm": max_norm},
        )
        for max_norm in (0, -1.0, math.nan)
    ),
    oracles=(
        Oracle("PyTorch's clip_grad_norm_", of_pytorch),
        Oracle("the formula, number by number", number_by_number),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    run=clip,
)


class TestClipGradients(PairTests):
    """All that is asked of every pair, and what a limit is for."""

    pair = PAIR

    @pytest.mark.parametrize("scale", [1.0, 1e3, 1e6])
    def test_a_gradient_however_large_moves_no_further_than_the_limit(
        self, backend, scale
    ):
        gradients = {"weight": np.full((2, 2), scale)}
        *clipped, _ = OneBackend(PAIR, backend)(Case({"max_norm": 1.0}, gradients))

        assert round(length(clipped), 5) == 1.0
