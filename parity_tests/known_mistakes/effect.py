"""Where a mistake shows: in what a case gives, or in the gradients of that."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.lockstep.backward import reference_backward
from parity_tests.rounding.expected import expected_gradients, result_unit


@dataclass(frozen=True)
class Effect:
    """What is looked at: `run` gives it, and `equal` says whether two are the same.

    `run(pair, case, part)` runs the reference, or `part` in its place.
    """

    name: str
    run: Callable[[Pair, Case, Any], Any]
    equal: Callable[[Pair, Case, Any, Any], bool]

    def __str__(self) -> str:
        return self.name

    def outcome(self, pair: Pair, case: Case, part: Any = None) -> Any:
        """Run a part in the reference's form: what it gives, or the error it raises."""
        with quiet():
            try:
                return self.run(pair, case, part)
            except Exception as error:
                return error

    def same(self, pair: Pair, case: Case, expected: Any, actual: Any) -> bool:
        """Whether two outcomes agree; errors do when they are of the same type."""
        if isinstance(expected, Exception) or isinstance(actual, Exception):
            return type(expected) is type(actual)
        return self.equal(pair, case, expected, actual)


@contextmanager
def quiet() -> Iterator[None]:
    """Run what is wrong without warnings, and without checks of shapes."""
    with np.errstate(all="ignore"), warnings.catch_warnings(), unchecked():
        warnings.simplefilter("ignore")
        yield


def output(pair: Pair, case: Case, part: Any) -> Any:
    """Run a case, and return what an implementation from outside would give."""
    return pair.answer(pair.call(REFERENCE, case, part))


def gradients(pair: Pair, case: Case, part: Any) -> dict[str, Any]:
    """Run a case forward and backward, and return the gradients by name."""
    return dict(reference_backward(pair, case, part).gradients)


def same_output(pair: Pair, case: Case, expected: Any, actual: Any) -> bool:
    """Whether two outputs are equal, or differ by rounding."""
    if compare(expected, actual).holds:
        return True  # which is cheaper than measuring how large rounding is
    return compare(expected, actual, result_unit(pair, case)).holds


def same_gradients(pair: Pair, case: Case, expected: Any, actual: Any) -> bool:
    """Whether the same quantities have the same gradients."""
    if expected.keys() != actual.keys():
        return False
    both = [(name, expected[name], actual[name]) for name in expected]
    if all(compare(right, other).holds for _, right, other in both):
        return True
    units = expected_gradients(pair, case).units
    return all(compare(r, other, units.get(n, 0.0)).holds for n, r, other in both)


OUTPUT = Effect("output", output, same_output)
GRADIENTS = Effect("gradients", gradients, same_gradients)


def effect_of(mistake: Mistake) -> Effect:
    """Choose where a mistake shows."""
    return GRADIENTS if mistake.caught_by == "gradients" else OUTPUT
