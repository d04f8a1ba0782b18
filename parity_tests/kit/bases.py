"""Cases to build sessions and trials on: the largest drawn, with other numbers.

They are the same in every run, whatever its seed: what they show, they show always.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from parity_tests.contract import border
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.asking import Request
from parity_tests.kit.axes import axes_of_inputs
from parity_tests.kit.conventions import cases_for

N_DRAWN = 60
LARGE = 100_000  # bytes of a request
PER_CALL = {"inputs", "text", "seed"}  # of a request; the rest belongs to the object


def bases(request: Request) -> list[Case]:
    """Draw cases, with a batch of two texts each; return the largest first."""
    drawn: list[Case] = []
    quiet = settings(
        max_examples=N_DRAWN,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    cases = cases_for(request.pair, request.conventions)

    def add(case: Case) -> None:
        drawn.append(case)

    quiet(seed(0)(given(cases)(add)))()
    found = []
    for case in drawn:
        case = replace(case, training=False, masks=None, grad_output=None)
        case = with_leading(request.pair, case, 2)
        if size_of(case) and fits(request.pair, case):
            found.append(case.astype(request.dtype) if request.dtype else case)
    return sorted(found, key=size_of, reverse=True)


def size_of(case: Case) -> int:
    """Count the numbers and characters that go in; 0 where an input has none."""
    sizes = [
        value.size if isinstance(value, np.ndarray) else len(value)
        for value in case.inputs.values()
        if isinstance(value, np.ndarray | str)
    ]
    return sum(sizes) if min(sizes, default=0) else 0


def with_leading(pair: Pair, case: Case, *leading: int) -> Case:
    """Give inputs these leading axes, where any are allowed, and other numbers."""
    changed = {}
    for name, axes in axes_of_inputs(pair).items():
        array = case.inputs.get(name)
        if axes and axes[0].startswith("*") and isinstance(array, np.ndarray):
            last = array.shape[array.ndim - len(axes[1:]) :]
            changed[name] = like(array, (*leading, *last), case.seed)
    return case.with_inputs(**changed)


def like(array: Any, shape: tuple[int, ...], seed: int) -> Any:
    """Draw an array of the kind of another: normal numbers, or some of its own.

    Where no number is above zero, as in logarithms of decays, none is drawn there, nor
    below zero where none is, as in means of squares.
    """
    rng = np.random.default_rng(seed)
    if array.dtype.kind == "f":
        drawn = rng.normal(size=shape).astype(array.dtype)
        if array.max(initial=-np.inf) <= 0 and array.any():
            return -np.abs(drawn)
        return np.abs(drawn) if array.min(initial=np.inf) >= 0 else drawn
    own = array.ravel() if array.size else np.zeros(1, array.dtype)
    return rng.choice(own, shape)


def fits(pair: Pair, case: Case) -> bool:
    """Whether the reference takes a case, and asking for it is soon done."""
    adapter = adapter_of(pair)
    try:
        adapter.answer(pair, case, None)
        return len(border.write(adapter.request(pair, case))) < LARGE
    except Exception:  # whatever it says, the case is none
        return False


def variants(pair: Pair, case: Case) -> list[Case]:
    """Change what goes in: other numbers, other sizes; the object stays the same."""
    own = object_of(pair, case)
    distinct = {each.fingerprint: each for each in changed(pair, case)}
    found = (each for each in distinct.values() if fits(pair, each))
    return [each for each in found if object_of(pair, each) == own]


def object_of(pair: Pair, case: Case) -> bytes:
    """Write down what an object is made of: the request without what a call gets."""
    request = adapter_of(pair).request(pair, replace(case, training=False))
    return border.write({k: v for k, v in request.items() if k not in PER_CALL})


def changed(pair: Pair, case: Case) -> Iterator[Case]:
    """Yield cases that differ in an input from this one; they may not fit the pair."""
    arrays = {k: v for k, v in case.inputs.items() if isinstance(v, np.ndarray)}
    if arrays:
        others = {k: like(v, v.shape, case.seed + 1) for k, v in arrays.items()}
        yield case.with_inputs(**others)
    known, long = axes_of_inputs(pair), {k: v for k, v in arrays.items() if v.ndim}
    axes = {name: known.get(name) or ("*",) for name in long}
    for axis in dict.fromkeys(axis for names in axes.values() for axis in names):
        having = {k: v for k, v in long.items() if axis in axes[k]}
        for share in (math.inf, 2):
            shorter = {k: cut(v, axes[k], axis, share) for k, v in having.items()}
            yield case.with_inputs(**shorter)
    yield with_leading(pair, case, 3)
    for name, text in case.inputs.items():
        if isinstance(text, str):
            for other in (text[: len(text) // 2], text[::-1], text + text):
                yield case.with_inputs(**{name: other})


def cut(array: Any, axes: tuple[str, ...], axis: str, share: float) -> Any:
    """Take the first entries along an axis: one, or a share of them."""
    at = 0 if axis.startswith("*") else axes.index(axis) - len(axes)
    n_entries = max(1, math.ceil(array.shape[at] / share))
    return array.take(range(n_entries), axis=at)
