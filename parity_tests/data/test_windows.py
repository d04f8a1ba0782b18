"""Sliding windows: both sides agree, and each obeys the laws of the thing."""

from hypothesis import given

from parity_tests.catalogue import concept

WINDOWS = concept("windows")

# Agreement


@given(WINDOWS.cases)
def test_reference_and_torch_agree(case):
    comparison = WINDOWS.compare(case)

    assert comparison.departure is None, str(comparison.departure)
