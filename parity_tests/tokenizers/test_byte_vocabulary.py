"""The vocabulary of bytes and merges: both sides agree, and no shortcut is wrong."""

from functools import cache
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import text
from parity_tests.tokenizers.array_sides import TORCH, each_side, in_lockstep, refusal
from parity_tests.tokenizers.merges import merge_word

LETTERS = [ord(letter) for letter in "abc "]


@st.composite
def byte_merges(draw):
    """Draw merges of a few letters, many of which no text can reach."""
    found = []
    for _ in range(draw(st.integers(0, 12))):
        symbols = st.sampled_from([*LETTERS, *range(256, 256 + len(found))])
        pair = draw(st.tuples(symbols, symbols))
        if pair not in found:
            found.append(pair)
    return found


words = st.lists(st.text("abc", max_size=12).map(str.encode), max_size=4)


def build(side, merges, base_bytes=range(256), special_tokens=()):
    merges = side.array(merges).reshape(-1, 2)
    base_bytes = side.array(list(base_bytes))
    return side("byte_vocabulary").ByteVocabulary(base_bytes, merges, special_tokens)


def encode(side, merges, whole):
    return build(side, merges).encode(side.points(whole), side.array([]))


# Agreement


@given(byte_merges(), text(8) | st.text("abc ", max_size=20))
def test_reference_and_torch_agree(merges, whole):
    comparison = in_lockstep(lambda side: encode(side, merges, whole))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(byte_merges(), st.text("abc ", max_size=30))
def test_a_word_found_whole_is_what_merging_makes_of_it(side, merges, whole):
    cuts = [*side("split").split(side.points(whole)).tolist(), len(whole)]
    texts = [whole[a:b] for a, b in pairwise(cuts)]
    expected = [merge_word([*word.encode()], merges, 256) for word in texts]

    assert encode(side, merges, whole).tolist() == [*chain(*expected)]


@each_side
@given(byte_merges(), words)
def test_words_are_merged_each_by_itself(side, merges, words):
    expected = [merge_word([*word], merges, 256) for word in words]
    data, _, lengths = side.data(words)

    ids, counts = build(side, merges).merge_words(data, lengths)

    assert ids.tolist() == [*chain(*expected)]
    assert counts.tolist() == [len(ids) for ids in expected]


@each_side
@given(byte_merges(), st.randoms(use_true_random=False))
def test_the_bytes_of_a_token_are_those_of_its_parts(side, merges, random):
    order = list(range(256))
    random.shuffle(order)
    vocabulary = build(side, merges, order, ["<é>"])

    assert vocabulary.bytes_of(side.array(range(256))) == bytes(order)
    for rank, pair in enumerate(merges):
        whole = vocabulary.bytes_of(side.array([256 + rank]))
        assert whole == vocabulary.bytes_of(side.array(pair))
    special = side.array([256 + len(merges)])
    assert vocabulary.bytes_of(special) == "<é>".encode()


def test_what_is_derived_is_no_part_of_a_state():
    assert build(TORCH, [(97, 98)]).state_dict() == {}


# Refusals


@each_side
@pytest.mark.parametrize(
    ("base_bytes", "message"),
    [
        ([*range(255), 0], "256 of them without [255]"),
        ([*range(256), 0], "257 of them without []"),
        (range(3, 256), "253 of them without [0, 1, 2]"),
    ],
)
def test_bytes_that_are_not_all_bytes_are_refused(side, base_bytes, message):
    message = f"base_bytes must hold every byte once, got {message}"

    assert refusal(lambda s: build(s, [], base_bytes), side) == (ValueError, message)


# Anchor values


@cache
def gpt2(side):
    vocabulary = side("gpt2_vocabulary")
    return side("byte_vocabulary").ByteVocabulary(
        vocabulary.byte_order(), vocabulary.read_merges()
    )


@each_side
def test_a_word_of_no_bytes_has_no_ids_wherever_it_stands(side):
    data, _, lengths = side.data([b"", b"ab", b"", b"a", b""])

    ids, counts = build(side, [(97, 98)]).merge_words(data, lengths)

    assert ids.tolist() == [256, 97]
    assert counts.tolist() == [0, 1, 0, 1, 0]


@each_side
def test_id_0_is_an_id_like_any_other(side):
    assert encode(side, [], "\0ab").tolist() == [0, 97, 98]


@each_side
def test_a_token_that_no_text_reaches_is_no_whole_word(side):
    a, b, c = LETTERS[:3]
    merges = [(a, b), (b, c), (a, 257)]  # a-bc: but a b merges first

    assert encode(side, merges, "abc").tolist() == [256, c]


@each_side
def test_of_two_tokens_spelled_alike_the_one_that_merging_makes_is_found(side):
    a, b, c = LETTERS[:3]
    merges = [(b, c), (a, 256), (a, b), (258, c)]  # a-bc and ab-c

    assert encode(side, merges, "abc").tolist() == [257]


@each_side
def test_nearly_every_token_of_gpt2_is_a_whole_word(side):
    assert len(gpt2(side).whole_ids) == 50_256
