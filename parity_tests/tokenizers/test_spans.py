"""Spans: both sides agree, and list what a loop lists."""

from hypothesis import given
from hypothesis import strategies as st

from parity_tests.tokenizers.array_sides import each_side, in_lockstep

spans = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=8)


def places_on(side, spans):
    starts, lengths = ([span[i] for span in spans] for i in (0, 1))
    return side("spans").span_places(side.array(starts), side.array(lengths))


# Agreement


@given(spans)
def test_reference_and_torch_agree(spans):
    comparison = in_lockstep(lambda side: places_on(side, spans))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(spans)
def test_the_places_are_those_of_a_loop(side, spans):
    expected = [start + i for start, length in spans for i in range(length)]

    assert places_on(side, spans).tolist() == expected
