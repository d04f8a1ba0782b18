from hypothesis import given
from parity_tests.catalogue import concept

CAUSAL = concept("causal")


@given(CAUSAL.cases)
def test_reference_and_torch_agree(case):
    comparison = CAUSAL.compare(case)
    assert comparison.departure is None, str(comparison.departure)
