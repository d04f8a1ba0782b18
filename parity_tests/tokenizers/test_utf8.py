"""UTF-8: both sides agree with each other and with Python's encoder."""

import pytest
from hypothesis import given

from parity_tests.sample_text import text
from parity_tests.tokenizers.array_sides import each_side, in_lockstep

END = 0x110000

# Agreement


@given(text())
def test_reference_and_torch_agree(whole):
    comparison = in_lockstep(lambda side: side("utf8").utf8(side.points(whole)))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(text())
def test_every_character_begins_where_the_text_before_it_ends(side, whole):
    starts = side("utf8").utf8(side.points(whole))[1].tolist()

    assert starts == [len(whole[:place].encode()) for place in range(len(whole))]


@each_side
@given(text(8), text(8))
def test_the_end_of_a_text_has_no_bytes(side, one, two):
    points = [*map(ord, one), END, *map(ord, two)]

    data, starts = side("utf8").utf8(side.array(points))

    assert bytes(data.tolist()) == (one + two).encode()
    assert starts.tolist()[len(one)] == len(one.encode())


# Bridges


@each_side
def test_every_code_point_is_written_as_python_writes_it(side):
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    expected = every.encode()

    data, _ = side("utf8").utf8(side.points(every))

    assert bytes(data.tolist()) == expected


@each_side
@pytest.mark.parametrize(
    "point", [0, 0x7F, 0x80, 0x81, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF]
)
def test_the_first_and_the_last_of_each_length_are_written_right(side, point):
    data, starts = side("utf8").utf8(side.array([point, point]))

    assert bytes(data.tolist()) == 2 * chr(point).encode()
    assert starts.tolist() == [0, len(chr(point).encode())]


# Anchor values: RFC 3629, section 7


@each_side
@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        ("A≢Α.", "41 E2 89 A2 CE 91 2E"),
        ("한국어", "ED 95 9C EA B5 AD EC 96 B4"),
        ("\ufeff𣎴", "EF BB BF F0 A3 8E B4"),
    ],
)
def test_the_examples_of_the_standard_come_out(side, whole, expected):
    data, _ = side("utf8").utf8(side.points(whole))

    assert bytes(data.tolist()) == bytes.fromhex(expected)
