"""Characters as tokens: both sides agree, and each obeys the laws of the thing."""

from hypothesis import given

from parity_tests.catalogue import concept

CHARACTER = concept("character")

# Agreement


@given(CHARACTER.cases)
def test_reference_and_torch_agree(case):
    comparison = CHARACTER.compare(case)

    assert comparison.departure is None, str(comparison.departure)
