"""A text as code points: both sides agree with Python, and refuse what is no text."""

import pytest
from hypothesis import given

from parity_tests.sample_text import text
from parity_tests.tokenizers.array_sides import REFERENCE, TORCH, each_side, refusal

# Agreement


@given(text())
def test_reference_and_torch_agree(whole):
    here, there = (side("text").code_points(whole) for side in (REFERENCE, TORCH))

    assert there.tolist() == here.tolist()


# Laws


@each_side
@given(text())
def test_code_points_are_those_of_the_characters(side, whole):
    assert side("text").code_points(whole).tolist() == [*map(ord, whole)]


@each_side
@given(text())
def test_writing_undoes_reading(side, whole):
    assert side("text").text_of(side.points(whole)) == whole


def test_code_points_are_on_the_device_that_is_asked_for():
    points, none = (TORCH("text").code_points(each, "meta") for each in ("a", ""))

    assert points.device.type == none.device.type == "meta"


# Refusals


@each_side
@pytest.mark.parametrize("edge", [-2, 0xD800, 0xDFFF, 0x110000, 0x110001])
def test_a_number_of_no_character_is_refused(side, edge):
    message = f"no character has the number {edge}"

    def run(side):
        side("text").refuse_characters(side.array([97, edge]), besides=-1)

    assert refusal(run, side) == (ValueError, message)


@each_side
def test_the_first_and_the_last_characters_are_characters(side):
    edges = side.array([0, 0xD7FF, 0xE000, 0x10FFFF, -1])

    side("text").refuse_characters(edges, besides=-1)


@each_side
@pytest.mark.parametrize("numbers", [[97, 98, 98], [98, 97, 98], [98, 98, 97]])
def test_a_character_that_stands_twice_is_refused(side, numbers):
    message = "every character must have one id, got 98 twice"

    def run(side):
        side("text").refuse_characters(side.array(numbers), besides=-1)

    assert refusal(run, side) == (ValueError, message)


@each_side
def test_characters_that_are_in_no_row_are_refused(side):
    message = "characters must stand in one row, got (1, 2)"

    def run(side):
        side("text").refuse_characters(side.array([[97, 98]]), besides=-1)

    assert refusal(run, side) == (ValueError, message)
