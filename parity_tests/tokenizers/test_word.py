"""Words as tokens: both sides agree, and each obeys the laws of the thing."""

from hypothesis import given

from parity_tests.catalogue import concept

WORD = concept("word")

# Agreement


@given(WORD.cases)
def test_reference_and_torch_agree(case):
    comparison = WORD.compare(case)

    assert comparison.departure is None, str(comparison.departure)
