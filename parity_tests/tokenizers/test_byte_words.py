"""Words of bytes: both sides agree, and the words make up the text."""

from itertools import pairwise

from hypothesis import given

from parity_tests.sample_text import text
from parity_tests.tokenizers.array_sides import each_side, in_lockstep

# Agreement


@given(text())
def test_reference_and_torch_agree(whole):
    comparison = in_lockstep(
        lambda side: side("byte_words").byte_words(side.points(whole))
    )

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(text())
def test_the_words_are_the_bytes_of_the_text_end_to_end(side, whole):
    words = side("byte_words").byte_words(side.points(whole))
    data, begins, lengths = (array.tolist() for array in words)

    assert bytes(data) == whole.encode()
    assert begins == [sum(lengths[:n]) for n in range(len(lengths))]
    assert sum(lengths) == len(data)


# Bridges


@each_side
@given(text())
def test_they_are_the_words_that_split_finds(side, whole):
    cuts = [*side("split").split(side.points(whole)).tolist(), len(whole)]
    expected = [whole[a:b].encode() for a, b in pairwise(cuts)]

    words = side("byte_words").byte_words(side.points(whole))
    data, begins, lengths = (array.tolist() for array in words)

    assert [
        bytes(data[a : a + n]) for a, n in zip(begins, lengths, strict=True)
    ] == expected
