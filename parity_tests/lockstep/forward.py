"""A case of a pair on both backends, step by step."""

from functools import partial

from parity_tests.contract.backend import BACKENDS, REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.comparison import Comparison, compare_recordings
from parity_tests.lockstep.recording import record
from parity_tests.rounding.expected import expected


def compare_forward(pair: Pair, case: Case) -> Comparison:
    """Run a case on both backends, and compare every quantity of every step.

    In float64 PyTorch is compared with the reference; in float32 both are with the
    truth.
    """
    right = expected(pair, case)
    recordings = [
        record(backend.package, partial(pair.call, backend, case))
        for backend in BACKENDS
        if right.dtype or backend is not REFERENCE
    ]
    return compare_recordings(right.recording, recordings, right.units, right.dtype)
