"""Dropout by its distribution, for code that draws other numbers than PyTorch does.

Many equal texts go in, so few that all outcomes can be listed: each subset of numbers
that may be dropped gives one. What comes out must be among them, and as often as it
should: that shows the scale of what is left, the place of the dropout, its probability,
and that neighbours, heads and texts are dropped independently.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair, dropout_masks
from parity_tests.kit.abilities import with_probability
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.axes import axes_of_inputs

P = 13 / 32  # exact in binary, and neither 1/2 nor what anyone would choose
N_TEXTS = 4096
N_BASES = 20
MOST_BITS = 8  # numbers of one text that may be dropped: 256 outcomes
SIGMAS = 7  # one false alarm in 10**11 frequencies


@dataclass(frozen=True)
class Draws:
    """Equal texts in training, and how often each outcome is expected among them.

    Outcomes are told from each other by one number each, their `keys`, sorted.
    """

    case: Case
    direction: Any
    keys: Any
    expected: Any
    tolerance: float

    def difference(self, output: Any) -> str:
        """Say what is wrong with the distribution of what came out, if anything is."""
        numbers = np.asarray(output, float)
        if numbers.size != N_TEXTS * len(self.direction):
            return f"in training its output has another shape, {numbers.shape}"
        found = numbers.reshape(N_TEXTS, -1) @ self.direction
        at = np.abs(self.keys[:, None] - found).argmin(axis=0)
        far = ~(np.abs(self.keys[at] - found) <= self.tolerance)
        about = f"in training with dropout {P:g}, of {N_TEXTS} equal texts"
        if far.any():
            none = "give what no choice of dropped numbers gives"
            return f"{about} {far.sum()} {none}"
        counts = np.bincount(at, minlength=len(self.keys))
        allowed = SIGMAS * np.sqrt(counts + self.expected + 1)
        off = np.abs(counts - self.expected) > allowed
        if not off.any():
            return ""
        worst = np.argmax(np.abs(counts - self.expected) / allowed)
        rates = f"{counts[worst]} times, expected about {self.expected[worst]:.0f}"
        return f"{about} one outcome comes {rates}: numbers are dropped too " + (
            "often, too rarely, or together"
        )


def draws(pair: Pair, bases: list[Case]) -> Draws | None:
    """Build equal texts out of one of these cases, the one with the most outcomes."""
    found = None
    for base in bases[:N_BASES]:
        for n_tokens in (2, 1):
            case, n_bits = equal_texts(pair, base, n_tokens)
            if n_bits <= MOST_BITS and (found is None or n_bits > found[1]):
                found = case, n_bits
    return outcomes(pair, found[0]) if found else None


def equal_texts(pair: Pair, base: Case, n_tokens: int) -> tuple[Case, int]:
    """Shorten one text and repeat it; count its numbers that dropout may zero."""
    changed = {}
    for name, array in base.inputs.items():
        axes = axes_of_inputs(pair)[name]
        n_own = len(axes) - 1 if axes[0].startswith("*") else 1  # of a row, say
        text = array[(0,) * (array.ndim - n_own)] / 4  # or one key has all the weight
        changed[name] = text[:n_tokens] if n_own > 1 else text
    one = {name: text[None] for name, text in changed.items()}
    case = with_probability(base.with_inputs(**one), P)
    n_bits = n_masked(pair, case)
    repeated = {k: np.repeat(v, N_TEXTS, axis=0) for k, v in one.items()}
    return case.with_inputs(**repeated), n_bits


def n_masked(pair: Pair, case: Case) -> int:
    """Count the numbers that dropout may zero."""
    return sum(mask.size for mask in dropout_masks(pair, with_probability(case, P)))


def outcomes(pair: Pair, case: Case) -> Draws:
    """List the outcomes of the reference, and count how often each comes."""
    rng = np.random.default_rng(0)
    shapes = [mask.shape for mask in pair.with_masks(case).masks or ()]
    precise = case.astype(np.float64)

    def drawn(keep: float) -> Any:
        masks = tuple(rng.random(shape) < keep for shape in shapes)
        output = adapter_of(pair).answer(pair, replace(precise, masks=masks), None)
        return np.asarray(output).reshape(N_TEXTS, -1)

    every, usual = drawn(0.5), drawn(1 - P)
    direction = rng.normal(size=every.shape[1])
    tolerance = 1e-4 * float(np.abs(every @ direction).max()) + 1e-300
    keys = separate(np.sort(np.r_[every @ direction, usual @ direction]), tolerance)
    at = np.abs(keys[:, None] - usual @ direction).argmin(axis=0)
    expected = np.bincount(at, minlength=len(keys))
    return Draws(case, direction, keys, expected, tolerance)


def separate(keys: Any, tolerance: float) -> Any:
    """Leave one of the keys that are closer together than a tolerance.

    >>> separate(np.array([1.0, 1.1, 3.0, 3.1]), 0.5).tolist()
    [1.0, 3.0]
    """
    return keys[np.diff(keys, prepend=-math.inf) > tolerance]
