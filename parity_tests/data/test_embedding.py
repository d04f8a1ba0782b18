"""Embeddings: both sides agree, and each obeys the laws of the thing."""

from hypothesis import given

from parity_tests.catalogue import concept

EMBEDDING = concept("embedding")

# Agreement


@given(EMBEDDING.cases)
def test_reference_and_torch_agree(case):
    comparison = EMBEDDING.compare(case)

    assert comparison.departure is None, str(comparison.departure)
