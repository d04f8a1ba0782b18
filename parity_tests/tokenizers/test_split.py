"""Splitting: both sides agree with each other and with GPT-2's pattern."""

from functools import cache
from itertools import chain, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import jargon_file, text
from parity_tests.tokenizers.array_sides import each_side, in_lockstep
from parity_tests.tokenizers.gpt2_pattern import GPT2

END = 0x110000
NASTY = "a's1 \n.\u3000"  # what each branch of the pattern begins or ends with
CONTRACTIONS = "'slveS "


def split(side, *texts):
    """Cut texts into words; between two texts stands the empty word."""
    points = [point for one in texts for point in (*map(ord, one), END)][:-1]
    cuts = [*side("split").split(side.array(points)).tolist(), len(points)]
    words = [points[start:stop] for start, stop in pairwise(cuts)]
    return ["".join(chr(point) for point in word if point != END) for word in words]


@cache
def every_text(alphabet, length):
    """List every text of that length, and the words of all by GPT-2's pattern."""
    texts = ["".join(letters) for letters in product(alphabet, repeat=length)]
    expected = [word for one in texts for word in (*GPT2.findall(one), "")]
    return texts, expected[:-1]


# Agreement


@given(text())
def test_reference_and_torch_agree(whole):
    comparison = in_lockstep(lambda side: side("split").split(side.points(whole)))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(text())
def test_the_words_make_up_the_text(side, whole):
    assert "".join(split(side, whole)) == whole


@each_side
@given(text())
def test_a_word_is_of_one_class_but_for_a_leading_space_or_an_apostrophe(side, whole):
    for word in split(side, whole):
        body = word[1:] if len(word) > 1 and word[0] in " '" else word
        points = side.points(body if not body.isspace() else word)
        classes = side("character_classes").character_classes(points).tolist()

        assert len(set(classes)) == 1


@each_side
@given(st.lists(text(8), min_size=1, max_size=4))
def test_nothing_is_read_across_the_end_of_a_text(side, texts):
    apart = [word for one in texts for word in (*split(side, one), "")]

    together = split(side, *texts)

    assert together == apart[:-1]


@each_side
@given(text(), st.integers(1, 12))
def test_the_words_of_the_chunks_are_the_words_of_the_text(side, whole, size):
    chunks = side("split").chunks(side.points(whole), size)

    words = [split(side, "".join(map(chr, chunk.tolist()))) for chunk in chunks]

    assert [*chain(*words)] == split(side, whole)


@each_side
@given(st.text("ab \n", max_size=40), st.integers(1, 6))
def test_a_chunk_ends_where_the_last_word_that_fits_does(side, whole, size):
    word_ends = [p for p in range(1, len(whole)) if whole[p].isspace()]
    word_ends = [p for p in word_ends if not whole[p - 1].isspace()]
    expected, start, reach = [], 0, size
    while start + reach < len(whole):
        fitting = [end for end in word_ends if start < end <= start + reach]
        if fitting:
            expected.append(fitting[-1] - start)
            start, reach = fitting[-1], size
        else:
            reach = 2 * reach
    expected.append(len(whole) - start)

    chunks = side("split").chunks(side.points(whole), size)

    assert [len(chunk) for chunk in chunks] == expected


@each_side
def test_a_chunk_is_no_longer_than_asked_where_there_is_white_space(side):
    chunks = side("split").chunks(side.points(jargon_file()[:50_000]), size=1000)

    assert max(len(chunk) for chunk in chunks) <= 1000


# Bridges


@each_side
@given(text())
def test_it_is_the_pattern_of_gpt2(side, whole):
    assert split(side, whole) == GPT2.findall(whole)


@each_side
@pytest.mark.parametrize(("alphabet", "length"), [(NASTY, 5), (CONTRACTIONS, 5)])
def test_it_is_the_pattern_of_gpt2_for_every_short_text(side, alphabet, length):
    texts, expected = every_text(alphabet, length)

    assert split(side, *texts) == expected


@each_side
def test_it_is_the_pattern_of_gpt2_on_real_text(side):
    assert split(side, jargon_file()) == GPT2.findall(jargon_file())


# Anchor values


@each_side
def test_a_chunk_doubles_until_a_word_ends_in_it(side):
    chunks = side("split").chunks(side.points("a bbbbb c d e f"), size=2)

    assert [len(chunk) for chunk in chunks] == [1, 8, 2, 2, 2]


@each_side
@pytest.mark.parametrize(
    ("whole", "words"),
    [
        ("a  b \n\n c  ", ["a", " ", " b", " \n\n", " c", "  "]),
        ("\n\nx", ["\n", "\n", "x"]),
        ("it's we'll", ["it", "'s", " we", "'ll"]),
        ("IT'S it’s", ["IT", "'", "S", " it", "’", "s"]),
        (" 's ''s", [" '", "s", " ''", "s"]),
        ("they'd've", ["they", "'d", "'ve"]),
        ("'llama", ["'ll", "ama"]),
        ("3rd x²", ["3", "rd", " x", "²"]),
        ("", []),
    ],
)
def test_a_text_has_its_words(side, whole, words):
    assert split(side, whole) == words
