"""What the norms share: cases, examples, properties and rejections."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import OnText
from parity_tests.contract.patterns import numbers
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import arrays, dtypes, parameters_of, seeds
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

EPS = (0.0, 1e-12, 1e-6, 1e-5, 1e-2)


@st.composite
def norm_cases(draw: st.DrawFn, path: str) -> Case:
    """Draw vectors of some channels; without eps, none of them is zero."""
    dim, eps = draw(st.integers(1, 6)), draw(st.sampled_from(EPS))
    seed, dtype = draw(seeds), draw(dtypes)
    x = draw(arrays(draw(st.integers(1, 5)), dim, seed=seed)).astype(dtype)
    if eps == 0.0:  # a vector of zeros, or one of equal numbers, has no root
        x = (x + numbers("normal", x.shape, seed)).astype(dtype)
        eps = 1e-6 if dim == 1 else 0.0
    config = {"dim": dim, "eps": eps}
    return Case(config, {"x": x}, parameters_of(path, config, seed, dtype), seed=seed)


def each_token_is_normed_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last token alone gets what it gets in company."""
    alone = case.with_inputs(x=case.inputs["x"][..., -1:, :])
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def without_eps_the_length_of_a_vector_does_not_matter(
    run: OneBackend, case: Case
) -> Agreement:
    """It is divided out: twice the vector gives the same, to the last bit."""
    case = replace(case, config={**case.config, "eps": 0.0})
    x = numbers("normal", case.inputs["x"].shape, case.seed).astype(case.dtype)
    if x.shape[-1] == 1:
        return compare(0, 0)
    case = case.with_inputs(x=x)
    return compare(run(case), run(case.with_inputs(x=2 * x)), run.rounding(case))


def the_gain_scales_every_channel(run: OneBackend, case: Case) -> Agreement:
    """Twice the gain gives twice what the bias does not add."""
    zero = {name: np.zeros_like(p) for name, p in case.parameters.items()}
    case = replace(case, parameters={**zero, "weight": case.parameters["weight"]})
    twice = replace(case, parameters={**zero, "weight": 2 * case.parameters["weight"]})
    return compare(2 * run(case), run(twice), run.rounding(twice))


OF_ALL = (
    REPEATABLE,
    Property(each_token_is_normed_by_itself, for_all=True),
    Property(without_eps_the_length_of_a_vector_does_not_matter),
    Property(the_gain_scales_every_channel),
    *GRADIENTS,
)


def norm_rejected() -> tuple[Rejection, ...]:
    """List what the norms reject."""
    return (
        Rejection(ValueError, "dim must be at least 1, got 0", {"dim": 0}),
        Rejection(TypeError, "dim must be an integer, got 2.0", {"dim": 2.0}),
        Rejection(
            ValueError,
            "eps must be finite, 0 or more, got -1e-06",
            {"dim": 2, "eps": -1e-6},
        ),
        Rejection(TypeError, "eps must be a number, got '0'", {"dim": 2, "eps": "0"}),
        Rejection(
            ValueError,
            "x must have d_in = 2 channels, got 3",
            {"dim": 2},
            inputs={"x": np.zeros((1, 3))},
        ),
        Rejection(
            TypeError,
            "x must hold floating-point numbers, got int64",
            {"dim": 2},
            inputs={"x": np.zeros((1, 2), np.int64)},
        ),
    )


def norm_examples(path: str) -> Callable[[int], Iterator[Example]]:
    """Make a few named cases."""

    def examples(seed: int) -> Iterator[Example]:
        for name, comment, scale, dtype, leading in (
            ("small", "Three tokens of four channels.", 1.0, "float64", ()),
            ("single-precision", "float32 comes out so.", 1.0, "float32", (2,)),
            ("small-values", "eps weighs as much as the vector.", 1e-3, "float64", ()),
            ("large-values", "Squares of large numbers.", 1e4, "float32", ()),
        ):
            own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
            config: dict[str, Any] = {"dim": 4, "eps": 1e-6}
            x = (scale * numbers("normal", (*leading, 3, 4), own_seed)).astype(dtype)
            parameters = parameters_of(path, config, own_seed, dtype)
            case = Case(config, {"x": x}, parameters, seed=own_seed)
            yield Example(name, case, comment)

    return examples


def norm_on_text(path: str) -> OnText:
    """Norm the vectors of windows of a text."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = windows(text)
        x = embedding(seed)(ids)
        config: dict[str, Any] = {"dim": x.shape[-1], "eps": 1e-6}
        parameters = parameters_of(path, config, seed, np.float64)
        case = Case(config, {"x": x}, parameters, seed=seed)
        return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]

    return on_text
