"""Looking words up: both sides agree, and the answer is exact whatever the hash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import jargon_file
from parity_tests.tokenizers.array_sides import TORCH, each_side, in_lockstep

word = st.text("ab\0", max_size=20).map(str.encode) | st.binary(max_size=20)
words = st.lists(word, max_size=12)
few = st.lists(st.text("ab", max_size=2).map(str.encode), max_size=12)


def one_hash(blocks, order, first, lengths):
    return 0 * lengths


def hash_by_length(blocks, order, first, lengths):
    return lengths % 3 - 1


def top_hash(blocks, order, first, lengths):
    return 0 * lengths + 2**62 - 1


POOR = [one_hash, hash_by_length, top_hash]
poor_hash = pytest.mark.parametrize("poor", POOR, ids=lambda hash: hash.__name__)


def spell(side, words):
    return side("spelling").spell(*side.data(words))


def find(side, known, asked):
    return side("lexicon").Lexicon(spell(side, known))(spell(side, asked))


def distinct(side, words):
    return side("lexicon").distinct(spell(side, words))


def with_hash(poor, run, side, *arguments):
    """Run with another hash in place of the side's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(side("spelling"), "hash_words", poor)
        return run(side, *arguments)


# Agreement


@given(words, words)
def test_reference_and_torch_agree_in_looking_up(known, asked):
    comparison = in_lockstep(lambda side: find(side, known, known + asked))

    assert comparison.departure is None, str(comparison.departure)


@given(words | few)
def test_reference_and_torch_agree_in_telling_words_apart(words):
    comparison = in_lockstep(lambda side: distinct(side, words))

    assert comparison.departure is None, str(comparison.departure)


@poor_hash
@given(words | few, words | few)
def test_reference_and_torch_agree_where_hashes_collide(poor, known, asked):
    comparison = in_lockstep(lambda side: with_hash(poor, find, side, known, asked))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(words | few, words | few)
def test_a_word_is_found_where_it_first_stands_among_the_known(side, known, asked):
    asked = known + asked
    expected = [known.index(word) if word in known else -1 for word in asked]

    assert find(side, known, asked).tolist() == expected


@each_side
@poor_hash
@given(words | few, words | few)
def test_a_hash_is_no_proof(side, poor, known, asked):
    asked = known + asked
    expected = [known.index(word) if word in known else -1 for word in asked]

    assert with_hash(poor, find, side, known, asked).tolist() == expected


@each_side
@given(words | few)
def test_each_word_is_listed_once_in_the_order_in_which_they_come(side, words):
    expected = list(dict.fromkeys(words))

    firsts, which = (array.tolist() for array in distinct(side, words))

    assert [words[first] for first in firsts] == expected
    assert [expected[number] for number in which] == words


@each_side
@poor_hash
@given(words | few)
def test_each_word_is_told_apart_from_those_of_the_same_hash(side, poor, words):
    firsts, which = (a.tolist() for a in with_hash(poor, distinct, side, words))

    assert [words[firsts[number]] for number in which] == words
    assert firsts == sorted(set(firsts))


def test_what_is_derived_is_no_part_of_a_state():
    assert TORCH("lexicon").Lexicon(spell(TORCH, [b"a"])).state_dict() == {}


# Bridges


@each_side
def test_on_real_text_it_finds_what_a_dictionary_finds(side):
    words = [word.encode() for word in jargon_file().split(" ")[:60_000]]
    known = list(dict.fromkeys(words[:20_000]))
    places = {word: place for place, word in enumerate(known)}

    assert find(side, known, words).tolist() == [places.get(w, -1) for w in words]


# Anchor values


@each_side
@poor_hash
def test_words_that_differ_in_their_last_byte_or_in_zeros_are_told_apart(side, poor):
    known = [b"a" * 17, b"a" * 16 + b"b", b"a", b"a\0", b"", b"\0"]

    found = with_hash(poor, find, side, known, [*known, b"\0\0"])

    assert found.tolist() == [0, 1, 2, 3, 4, 5, -1]


@each_side
def test_an_empty_lexicon_knows_nothing(side):
    assert find(side, [], [b"", b"a"]).tolist() == [-1, -1]
