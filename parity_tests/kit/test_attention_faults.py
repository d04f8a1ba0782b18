"""Attention that is wrong is seen with any seed, and right attention agrees."""

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults import attention, data, faults_in

FAULTS = [fault for module in (attention, data) for fault in faults_in(module)]


def checked(fault, **options):
    """Check an implementation by what it declares."""
    pair = load(fault.pair)
    return check(Request(pair, fault.target, supports=fault.supports, **options))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_is_wrong_is_seen_and_what_is_right_agrees(fault):
    verdict = checked(fault)

    assert verdict.agrees is not fault.is_wrong, verdict
