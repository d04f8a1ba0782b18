"""What a reader chooses is run within limits, and what is cut is said."""

import re
from typing import Any

import numpy as np
import pytest

from diptych.reader.contents import READING_ORDER
from diptych.reader.inputs import LIMITS, MOST_TOKENS, PRESETS, Choices
from diptych.reader.reading import Reading, read


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        (Choices(d_in=0), "d_in must be a whole number from 1 to 16, got 0"),
        (Choices(d_out=17), "d_out must be a whole number from 1 to 16, got 17"),
        (Choices(seed=-1), "seed must be a whole number from 0 to 4294967295, got -1"),
        (Choices(dropout=1.0), "dropout must be at least 0 and below 1, got 1.0"),
        (Choices(dtype="int8"), "dtype must be float64 or float32, got int8"),
        (Choices(d_out=3), "d_out must be a multiple of num_heads, got 3 and 2"),
        (Choices(text=" \n"), "the text has no words; one is needed at least"),
    ],
)
def test_a_bad_choice_is_answered_with_one_sentence(
    choices: Choices, sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read("multi_head", choices)


def test_what_is_cut_is_said() -> None:
    shown = read("causal", Choices(text="word " * 40)).input

    assert shown
    assert len(shown.tokens) == MOST_TOKENS
    assert shown.remarks == ("The first 12 of 40 words are shown.",)


def test_a_long_text_for_a_tokenizer_is_cut() -> None:
    shown = read("character", Choices(text="x" * 1000)).input

    assert shown
    assert shown.remarks == ("The first 200 of 1,000 characters are read.",)


def test_equal_words_get_equal_vectors() -> None:
    values = read("causal", Choices(text="la di la")).sections[0].rows[0].runs[0].values
    x = next(value for value in values if value.name == "x").reference

    np.testing.assert_array_equal(x[0], x[2])
    assert not np.array_equal(x[0], x[1])


def test_a_word_keeps_its_vector_in_another_text() -> None:
    first, second = (
        read("simple", Choices(text=text)).sections[0].rows[0].runs[0].values[0]
        for text in ("la di", "di")
    )

    np.testing.assert_array_equal(first.reference[1], second.reference[0])


def test_dropout_spares_the_same_weights_on_both_sides() -> None:
    reading = read("causal", Choices(dropout=0.5))

    assert agrees(reading)
    names = [v.name for v in reading.sections[0].rows[0].runs[0].values]
    assert "keep" in names


@pytest.mark.parametrize("path", READING_ORDER)
def test_every_preset_can_be_read(path: str) -> None:
    for preset in PRESETS[path.partition("/")[0]]:
        assert preset.why
        assert agrees(read(path, Choices(text=preset.text)))


@pytest.mark.parametrize("path", READING_ORDER)
def test_the_largest_choices_can_be_read(path: str) -> None:
    largest: dict[str, Any] = {name: most for name, (_, most) in LIMITS.items()}

    assert agrees(read(path, Choices(text="a " * 99, **largest)))


def agrees(reading: Reading) -> bool:
    """Whether both sides of a reading agree."""
    return reading.agreement is not None and reading.agreement.agrees
