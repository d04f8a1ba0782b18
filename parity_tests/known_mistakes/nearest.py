"""Which known mistake is nearest to a difference that none explains as a whole?

Near is what has the effect: in most cases that differ, the mistake gives the same, or
what was observed is much closer to what it gives than to what is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.contract.case import LARGE, Case
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes.build import mistaken_part
from parity_tests.known_mistakes.catalogue import mistakes_of
from parity_tests.known_mistakes.effect import OUTPUT, Effect, effect_of

MOST = 8  # cases that are run with every mistake
REMOVED = 0.75  # the share of the error that a near mistake accounts for

Observed = Sequence[tuple[Case, Any]]


@dataclass(frozen=True)
class Nearest:
    """The nearest mistake, and in how many cases it explains what was observed."""

    id: str
    explained: int
    n_cases: int

    def __str__(self) -> str:
        if self.explained == self.n_cases:
            return f"{self.id} (explains what differs, but would differ elsewhere too)"
        if self.explained:
            return f"{self.id} (explains {self.explained} of {self.n_cases} cases)"
        return f"{self.id} (accounts for most of the error, not for all of it)"


def nearest(pair: Pair, observed: Observed, effect: Effect = OUTPUT) -> Nearest | None:
    """Find the known mistake that accounts for most of a difference in most cases.

    `observed` has what came out of cases that differ; the smallest of them are tried.
    """
    small = [o for o in observed if sum(a.size for a in o[0].arrays()) <= LARGE]
    rights = [(case, seen, effect.outcome(pair, case)) for case, seen in small[:MOST]]
    found = []
    for number, mistake in enumerate(mistakes_of(pair)):
        if effect_of(mistake).name != effect.name or not rights:
            continue
        part = mistaken_part(mistake)
        explained, removed = 0, []
        for case, seen, right in rights:
            mistaken = effect.outcome(pair, case, part)
            changes = not effect.same(pair, case, right, mistaken)
            same = changes and effect.same(pair, case, mistaken, seen)
            explained += same
            removed.append(1.0 if same else share_removed(right, mistaken, seen))
            left = len(rights) - len(removed)
            if sum(share >= REMOVED for share in removed) + left <= len(rights) / 2:
                break  # it cannot be most of them any more
        else:
            rank = (-explained, -float(np.median(removed)), number)
            found.append((rank, Nearest(mistake.id, explained, len(rights))))
    return min(found, key=lambda each: each[0])[1] if found else None


def share_removed(right: Any, mistaken: Any, seen: Any) -> float:
    """Return which share of an error is gone if a mistake is what was expected.

    >>> share_removed(np.zeros(2), np.ones(2), np.array([1.0, 0.9])) > 0.9
    True
    >>> share_removed(np.zeros(2), np.ones(2), np.array([0.0, -1.0]))
    0.0
    """
    errors = [error(expected, seen) for expected in (right, mistaken)]
    if not np.isfinite(errors).all() or errors[0] == 0:
        return 0.0
    return max(0.0, 1 - errors[1] / errors[0])


def error(expected: Any, actual: Any) -> float:
    """Return the size of a difference; infinite, if there is no comparing the two."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        if expected.keys() != actual.keys():
            return np.inf
        return float(np.hypot.reduce([error(expected[n], actual[n]) for n in expected]))
    arrays = [np.asarray(each) for each in (expected, actual) if is_array(each)]
    if len(arrays) < 2 or arrays[0].shape != arrays[1].shape:
        return np.inf
    gap = arrays[0].astype(float) - arrays[1].astype(float)
    return float(np.sqrt(np.square(gap).sum()))


def is_array(value: Any) -> bool:
    """Whether a value is an array of numbers."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
