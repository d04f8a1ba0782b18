"""What a case is held to: the values of every step, and how large rounding is there.

A case in float64 is held to the reference, by a bound. In float32 both sides are held
to the truth, which is the reference in float64 on the same bits, by the spread of
equal evaluations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.case import Case
from parity_tests.recording import Recording, record
from parity_tests.spread import spread, truth

if TYPE_CHECKING:
    from parity_tests.concept import Concept


@dataclass(frozen=True)
class Expected:
    """What is expected of a case, with a yardstick for each quantity by its name.

    `dtype` is that of the case, where what is expected is the truth in float64.
    """

    recording: Recording
    yardsticks: Mapping[str, float]
    dtype: str = ""

    @property
    def output(self) -> Any:
        """What should come out."""
        return self.recording.result

    def judge(self, output: Any) -> Agreement:
        """Compare what came out."""
        yardstick = self.yardsticks.get("result", 0.0)
        return compare(self.output, output, yardstick, self.dtype)


def expected(concept: "Concept", case: Case) -> Expected:
    """Run the reference, and say how large rounding is."""
    if is_float32(case):
        return expected_in(concept, case, "float32")
    run = record("reference", lambda: concept.run_reference(concept.reference, case))
    return Expected(run, concept.bounds(case))


@lru_cache(maxsize=512)
def expected_in(concept: "Concept", case: Case, dtype: str) -> Expected:
    """Hold a case in low precision to the truth; measure once for all that ask."""
    exact = truth(concept, case)
    return Expected(exact, spread(concept, case, dtype, exact), dtype)


def yardsticks(concept: "Concept", case: Case) -> Mapping[str, float]:
    """Measure how large rounding is; a bound needs no run of the reference."""
    return (
        expected(concept, case).yardsticks if is_float32(case) else concept.bounds(case)
    )


def is_float32(case: Case) -> bool:
    """Tell whether a case computes in float32."""
    given = (*case.inputs.values(), *case.weights.values())
    return any(getattr(each, "dtype", None) == np.float32 for each in given)
