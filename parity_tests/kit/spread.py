"""Which of the drawn cases are tried: none twice, and no kind too often.

What is drawn depends on the seed; that a run has enough cases of each kind must not.
"""

import math
from collections import Counter
from dataclasses import replace

import numpy as np

from parity_tests.contract.case import Case

SHARES = {  # of the cases, at the most, in each dtype
    "any": 0.5,
    "short": 0.05,
    "single": 0.08,
}


class Spread:
    """What was tried so far, of so many cases; `dtype` is one that all have."""

    def __init__(self, n_cases: int, dtype: str | None = None):
        self.n_cases = 2 * n_cases if dtype else n_cases
        self.identities: set[bytes] = set()
        self.counts: Counter[tuple[str, str]] = Counter()

    def takes(self, case: Case) -> bool:
        """Whether a case is new, and none of its kinds has had its share."""
        if identity(case) in self.identities:
            return False
        counts = {kind: self.counts[case.dtype, kind] for kind in kinds(case)}
        return all(
            count < math.ceil(SHARES[kind] * self.n_cases)
            for kind, count in counts.items()
        )

    def add(self, case: Case) -> None:
        """Write down that a case was tried."""
        self.identities.add(identity(case))
        self.counts.update((case.dtype, kind) for kind in kinds(case))


def identity(case: Case) -> bytes:
    """Digest what a case holds; without dropout its seed says nothing more."""
    return (case if case.training else replace(case, seed=0)).fingerprint


def kinds(case: Case) -> list[str]:
    """List the kinds of a case that has a dtype.

    In a short one an input has fewer than two tokens, or than two channels; in a single
    one the configuration has one of something, such as heads.
    """
    arrays = [v for v in case.inputs.values() if isinstance(v, np.ndarray)]
    short = any(n < 2 for array in arrays for n in (*array.shape[-2:], array.size))
    single = any(type(v) is int and v < 2 for v in case.config.values())
    found = ["any"] + ["short"] * short + ["single"] * single
    return found if case.dtype else []
