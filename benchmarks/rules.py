"""The rules that are compared: when is a difference still rounding?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.agreement import compare
from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.expected import Expected, expected

Array = np.ndarray[Any, Any]
MULTI_HEAD = concept("multi_head")
TORCH_DEFAULT = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}


@dataclass(frozen=True)
class Trial:
    """A case and what is right: PyTorch's output, and what the project expects."""

    case: Case
    right: Array
    held: Expected


def try_out(case: Case) -> Trial:
    """Run what is right about a case."""
    right = MULTI_HEAD.run_torch(MULTI_HEAD.torch, case).detach().numpy()
    return Trial(case, right, expected(MULTI_HEAD, case))


def run(variant: type, case: Case) -> Array:
    """Run the NumPy side, or a defective copy of it."""
    with np.errstate(all="ignore"):
        return np.asarray(MULTI_HEAD.run_reference(variant, case))


def by_score(trial: Trial, actual: Array) -> bool:
    """Accept what scores at most 8, as the project does.

    In float64 the two sides are compared by a bound; in float32 each is held to the
    truth by the spread of equal evaluations.
    """
    if trial.held.dtype:
        return all(trial.held.judge(side).holds for side in (trial.right, actual))
    return compare(trial.right, actual, trial.held.yardsticks["result"]).holds


def by_torch(trial: Trial, actual: Array) -> bool:
    """Accept what `torch.testing.assert_close` accepts by default."""
    rtol, atol = TORCH_DEFAULT[trial.right.dtype.name]
    return bool(np.allclose(actual, trial.right, rtol, atol))


def by_five_digits(trial: Trial, actual: Array) -> bool:
    """Accept what lies within 1e-5, relative plus absolute."""
    return bool(np.allclose(actual, trial.right, 1e-5, 1e-5))


def by_four_decimals(trial: Trial, actual: Array) -> bool:
    """Accept what `assert_array_almost_equal(decimal=4)` accepts."""
    return bool(np.allclose(actual, trial.right, 0, 1.5e-4))


RULES: dict[str, Callable[[Trial, Array], bool]] = {
    "score ≤ 8 (ours)": by_score,
    "torch.testing": by_torch,
    "1e-5 / 1e-5": by_five_digits,
    "4 decimals": by_four_decimals,
}
