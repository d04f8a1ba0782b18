"""What a reader chooses is run within limits, and what is cut is said."""

import re

import numpy as np
import pytest

from diptych.reader.cases import examples_of
from diptych.reader.inputs import LARGEST_SIZE, MOST_TOKENS, Choices, presets
from diptych.reader.reading import Reading
from diptych.reader.values import read
from parity_tests.catalogue import PATHS, load

every_pair = pytest.mark.parametrize("path", PATHS)


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"d_in": 0}, "d_in must be an integer from 1 to 16, got 0"),
        ({"d_out": "17"}, "d_out must be an integer from 1 to 16, got 17"),
        ({"d_out": "²"}, "d_out must be an integer from 1 to 16, got ²"),
        ({"seed": -1}, "seed must be an integer from 0 to 4294967295, got -1"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, got 1.0"),
        ({"dropout": "nan"}, "dropout must be at least 0 and below 1, got nan"),
        ({"dtype": "int8"}, "dtype must be float64 or float32, got int8"),
        ({"qkv_bias": "1"}, "qkv_bias must be False or True, got 1"),
        ({"d_out": 3}, "d_out must be a multiple of num_heads, got 3 and 2"),
        ({"text": " \n"}, "the text has no words; one is needed at least"),
    ],
)
def test_a_bad_choice_is_answered_with_one_sentence(
    choices: dict[str, object], sentence: str
) -> None:
    others = dict(choices)
    text = others.pop("text", None)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        read("multi_head", Choices(None if text is None else str(text), others))


def test_what_is_cut_is_said() -> None:
    shown = read("causal", Choices("word " * 40)).input

    assert shown
    assert len(shown.tokens) == MOST_TOKENS
    assert shown.remarks == ("The first 12 of 40 words are shown.",)


def test_a_long_text_for_a_tokenizer_is_cut() -> None:
    shown = read("character", Choices("x" * 1000)).input

    assert shown
    assert shown.remarks == ("The first 200 of 1,000 characters are read.",)


def test_equal_words_get_equal_vectors() -> None:
    values = read("causal", Choices("la di la")).sections[0].rows[0].runs[0].values
    x = next(value for value in values if value.name == "x").reference

    np.testing.assert_array_equal(x[0], x[2])
    assert not np.array_equal(x[0], x[1])


def test_a_word_has_the_same_vector_in_another_text() -> None:
    first, second = (
        read("simple", Choices(text)).sections[0].rows[0].runs[0].values[0]
        for text in ("la di", "di")
    )

    np.testing.assert_array_equal(first.reference[1], second.reference[0])


def test_dropout_drops_the_same_weights_on_both_backends() -> None:
    reading = read("causal", Choices(others={"dropout": 0.5}))

    assert agrees(reading)
    step = reading.sections[0].rows[5]
    dropped = next(v for v in step.runs[0].values if v.name == "dropped_weights")
    assert dropped.owner == "both"
    assert (dropped.reference == 0).sum() > 15  # more than are masked


@every_pair
def test_every_preset_and_every_example_can_be_read(path: str) -> None:
    pair = load(path)
    if pair.typed is None:
        offered = [Choices(example=each.name) for each in examples_of(pair)]
    else:
        offered = [Choices(each.text) for each in presets(pair.typed.by_word)]

    assert offered
    for choices in offered:
        assert agrees(read(path, choices))


@every_pair
def test_the_largest_choices_can_be_read(path: str) -> None:
    typed = load(path).typed
    if typed is None:
        pytest.skip("there is nothing to choose but examples")
    largest = {
        name: LARGEST_SIZE
        for name, begin in typed.choices.items()
        if type(begin) is int and name != "seed"
    }

    assert agrees(read(path, Choices("a " * 99, largest)))


def agrees(reading: Reading) -> bool:
    """Whether both backends of a reading agree."""
    return reading.agreement is not None and reading.agreement.agrees
