"""Cases of update rules: a parameter, its gradient, and a state that fits both."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.pair import OnText
from parity_tests.contract.patterns import PATTERNS, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.strategies import dtypes, seeds
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

Config = dict[str, Any]
State = Callable[[Array, np.random.Generator], dict[str, Array]]
SHAPES = ((3,), (1,), (2, 3), (4, 1), (2, 1, 3), (0, 3))
# ε counts where gradients are as small as it is, so such ones are drawn often.
SCALES = (1.0, 1e-8, 1e-3, 1e3, 1e-12, 1e-6)


@st.composite
def step_cases(
    draw: st.DrawFn, configs: st.SearchStrategy[Config], state: State
) -> Case:
    """Draw a parameter, a gradient, which may be tiny, and a state of its size.

    The state is zero, as before the first step, or what some steps have left.
    """
    seed, dtype, shape = draw(seeds), draw(dtypes), draw(st.sampled_from(SHAPES))
    scale = draw(st.sampled_from(SCALES))
    pattern = draw(st.sampled_from(PATTERNS))
    gradient = np.asarray(scale * numbers(pattern, shape, seed))
    config = draw(configs)
    is_first = config.get("step") == 1 or draw(st.booleans())
    return case_of(config, gradient, state, seed, dtype, 0.0 if is_first else 1.0)


def case_of(
    config: Config,
    gradient: Array,
    state: State,
    seed: int,
    dtype: Any = np.float64,
    share: float = 1.0,
) -> Case:
    """Make a case of a gradient: parameter and state are drawn."""
    rng = np.random.default_rng([seed, 1])
    inputs = {"parameter": rng.normal(size=gradient.shape), "gradient": gradient}
    inputs |= {name: share * each for name, each in state(gradient, rng).items()}
    arrays = {n: np.asarray(each).astype(dtype) for n, each in inputs.items()}
    return Case(config, arrays, seed=seed)


def on_text(config: Config, state: State) -> OnText:
    """Take a step with a gradient made of embedded windows of a text."""

    def cases(text: str, seed: int) -> list[tuple[str, Case]]:
        ids = windows(text)
        x = embedding(seed)(ids).reshape(-1, 48)
        gradient = x.T @ x / len(x)
        return [
            (described(ids), case_of(config, gradient, state, seed, dtype))
            for dtype in PRECISIONS
        ]

    return cases


def examples(config: Config, state: State) -> Callable[[int], Iterator[Example]]:
    """Make the named cases of an update rule."""
    sketches = (
        ("small", "A matrix, in the midst of training.", (2, 3), 1.0, 1.0, config),
        ("first", "The first step: the state is zero.", (3,), 1.0, 0.0, config),
        ("tiny", "Gradients as small as 10⁻⁸.", (2, 2), 1e-8, 1.0, config),
        ("zero", "No gradient: the parameter only decays.", (3,), 0.0, 0.0, config),
        ("empty", "A parameter without a number.", (0, 2), 1.0, 1.0, config),
    )

    def named(seed: int) -> Iterator[Example]:
        for name, comment, shape, scale, share, own in sketches:
            if name == "first" and "step" in own:
                own = {**own, "step": 1}
            own_seed = zlib.crc32(f"{seed}/{name}".encode())
            gradient = scale * numbers("normal", shape, own_seed)
            flags = ("EdgeCase",) if name in ("zero", "empty") else ()
            case = case_of(own, gradient, state, own_seed, share=share)
            yield Example(name, case, comment, flags)

    return named


PROBED: tuple[tuple[tuple[int, ...], Any, str, float], ...] = (
    ((1,), np.float32, "", 1.0),
    ((17, 33), np.float64, "gaps", 1.0),
    ((65, 129), np.float32, "transposed", 1.0),
    ((3, 1030), np.float32, "read-only", 1e-3),
    ((257,), np.float64, "backwards", 1e-8),
    ((5, 7), np.float64, "", 1e-30),
    ((5, 7), np.float64, "", 1e30),
    ((5, 7), np.float32, "", 1e9),
)


def probes(
    configs: tuple[Config, ...], state: State
) -> Callable[[int], Iterator[Probe]]:
    """Try sizes, layouts, and gradients that are very small or large."""

    def probed(seed: int) -> Iterator[Probe]:
        for number, (shape, dtype, layout, scale) in enumerate(PROBED):
            rule = (
                f"{shape} numbers of {scale:g}, {dtype.__name__}, {layout or 'plain'}"
            )
            own_seed = zlib.crc32(f"{seed}/{rule}".encode())
            gradient = scale * numbers("normal", shape, own_seed)
            config = configs[number % len(configs)]
            case = case_of(config, gradient, state, own_seed, dtype)
            inputs = {n: LAYOUTS[layout](value) for n, value in case.inputs.items()}
            yield Probe(rule, case.with_inputs(**inputs))

    return probed
