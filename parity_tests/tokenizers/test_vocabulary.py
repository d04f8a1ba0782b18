"""Vocabularies: how words are written into arrays, and into messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import text
from parity_tests.tokenizers.array_sides import REFERENCE, TORCH, each_side, refusal

words = st.lists(text(8), max_size=6)


# Agreement


@given(words)
def test_reference_and_torch_agree(words):
    here, there = (side("vocabulary").write_words(words) for side in (REFERENCE, TORCH))

    assert [a.tolist() for a in there] == [a.tolist() for a in here]


# Laws


@each_side
@given(st.lists(text(8), max_size=6, unique=True))
def test_reading_undoes_writing(side, words):
    vocabulary = side("vocabulary")

    assert vocabulary.read_words(*vocabulary.write_words(words)) == words


@pytest.mark.parametrize("words", [["a", "bc"], []])
def test_words_are_written_on_the_device_that_is_asked_for(words):
    written = TORCH("vocabulary").write_words(words, "meta")

    assert {array.device.type for array in written} == {"meta"}


# Refusals


@each_side
@pytest.mark.parametrize(
    ("spelling", "ends"),
    [
        ([97, 98], [[1, 2]]),
        ([[97], [98]], [1, 2]),
        ([97, 98], [2, 1, 2]),
        ([97, 98], [1]),
        ([97, 98], [3]),
        ([97, 98], [-1, 2]),
    ],
)
def test_ends_that_do_not_rise_to_the_end_of_the_spelling_are_refused(
    side, spelling, ends
):
    def run(side):
        side("vocabulary").read_words(side.array(spelling, "uint8"), side.array(ends))

    expected = ValueError, "ends must rise to the end of the spelling"

    assert refusal(run, side) == expected


@each_side
def test_a_word_that_stands_twice_is_refused(side):
    def run(side):
        side("vocabulary").read_words(
            side.array([*b"cabbca"], "uint8"), side.array([1, 2, 3, 4, 6])
        )

    expected = ValueError, "every word must have one id, got 'b' twice"

    assert refusal(run, side) == expected


@each_side
def test_a_word_that_is_no_utf8_is_refused_by_its_number(side):
    def run(side):
        side("vocabulary").read_words(
            side.array([97, 0xC3, 98], "uint8"), side.array([1, 2, 3])
        )

    assert refusal(run, side) == (ValueError, "word 1 is no UTF-8")


# Anchor values


@each_side
@pytest.mark.parametrize(
    ("word", "expected"), [("a" * 40, repr("a" * 40)), ("a" * 41, repr("a" * 40) + "…")]
)
def test_a_message_shows_forty_characters_of_a_word(side, word, expected):
    assert side("vocabulary").shown(word) == expected
