"""Characters as tokens: both sides agree, and each obeys the laws of the thing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.refusal import refusal
from parity_tests.sample_text import HURTS, text
from parity_tests.side import array_for, both_backends

CHARACTER = concept("character")

# Agreement


@pytest.mark.parametrize("name", HURTS)
def test_reference_and_torch_agree_on_text_that_hurts(name):
    case = Case({}, {"corpus": HURTS[name], "text": HURTS[name]})
    comparison = CHARACTER.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@both_backends
@given(text())
def test_decoding_undoes_encoding(backend, text):
    tokenizer = backend.CharacterTokenizer.train(text)

    assert tokenizer.decode(tokenizer.encode(text)) == text


@both_backends
@given(text().filter(len), st.data())
def test_encoding_undoes_decoding(backend, text, data):
    tokenizer = backend.CharacterTokenizer.train(text)
    expected = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))
    actual = tokenizer.encode(tokenizer.decode(expected))

    assert actual.tolist() == expected


@both_backends
@given(text(), st.booleans())
def test_ids_follow_the_order_of_code_points(backend, text, unknown):
    expected = {character: i for i, character in enumerate(sorted({*text}))}
    if unknown:
        expected["<|unk|>"] = len(expected)
    actual = backend.CharacterTokenizer.train(text, unknown).vocabulary

    assert actual == expected


@both_backends
@given(text())
def test_the_order_of_the_text_has_no_influence_on_the_vocabulary(backend, text):
    expected = backend.CharacterTokenizer.train(text).vocabulary
    actual = backend.CharacterTokenizer.train(text[::-1]).vocabulary

    assert actual == expected


@both_backends
@given(text(), text())
def test_two_texts_joined_are_encoded_as_each_alone(backend, left, right):
    encode = backend.CharacterTokenizer.train(left, unknown=True).encode
    expected = encode(left).tolist() + encode(right).tolist()
    actual = encode(left + right).tolist()

    assert actual == expected


@both_backends
@given(text(), text())
def test_every_character_has_its_own_id_or_that_of_unk(backend, corpus, text):
    tokenizer = backend.CharacterTokenizer.train(corpus, unknown=True)
    ids = tokenizer.vocabulary
    expected = [ids.get(character, ids["<|unk|>"]) for character in text]
    actual = tokenizer.encode(text).tolist()

    assert actual == expected


@both_backends
@given(text(), text())
def test_an_unknown_character_is_decoded_as_unk(backend, corpus, text):
    tokenizer = backend.CharacterTokenizer.train(corpus, unknown=True)
    expected = "".join(c if c in corpus else "<|unk|>" for c in text)
    actual = tokenizer.decode(tokenizer.encode(text))

    assert actual == expected


@both_backends
@given(text())
def test_any_numbering_can_be_given(backend, text):
    numbering = {c: i for i, c in enumerate(sorted({*text})[::-1])}
    tokenizer = backend.CharacterTokenizer(numbering)

    assert tokenizer.vocabulary == numbering
    assert tokenizer.encode(text).tolist() == [numbering[c] for c in text]


@both_backends
def test_unk_in_a_text_is_seven_characters(backend):
    tokenizer = backend.CharacterTokenizer.train("<|unk|>", unknown=True)
    expected = [0, 5, 4, 3, 2, 5, 1]  # < > k n u |
    actual = tokenizer.encode("<|unk|>").tolist()

    assert actual == expected


# Bridges


@both_backends
@given(st.text("abcdefgh"))
def test_words_of_one_letter_have_the_ids_of_the_letters(backend, letters):
    spaced = " ".join(letters)
    expected = backend.WordTokenizer.train(spaced).encode(spaced).tolist()
    actual = backend.CharacterTokenizer.train(letters).encode(letters).tolist()

    assert actual == expected


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("unknown", "message"),
    [
        ("aé", "no id for the character 'é' (U+00E9) at position 1"),
        ("ab👍a👍", "no id for the character '👍' (U+1F44D) at position 2"),
        ("\x00", "no id for the character '\\x00' (U+0000) at position 0"),
        (
            "a\U0010ffff",
            "no id for the character '\\U0010ffff' (U+10FFFF) at position 1",
        ),
    ],
)
def test_an_unknown_character_is_refused(backend, unknown, message):
    tokenizer = backend.CharacterTokenizer.train("ab")
    expected = KeyError, repr(message)
    actual = refusal(lambda: tokenizer.encode(unknown))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("vocabulary", "kind", "message"),
    [
        (
            {"a": 0, "b": 2},
            ValueError,
            "ids must be 0..1, each of them once, got 2 for 'b'",
        ),
        (
            {"a": 0, "b": 0},
            ValueError,
            "ids must be 0..1, each of them once, got 0 for 'b'",
        ),
        ({"a": -1}, ValueError, "ids must be 0..0, each of them once, got -1 for 'a'"),
        ({"a": 2**70}, ValueError, f"ids must fit into 64 bits, got {2**70}"),
        ({"a": 0.0}, TypeError, "ids must be whole numbers, got 0.0"),
        ({"a": True}, TypeError, "ids must be whole numbers, got True"),
        ({"ab": 0}, ValueError, "a character is one code point, got 'ab'"),
        ({"": 0}, ValueError, "a character is one code point, got ''"),
        (
            {"<|endoftext|>": 0},
            ValueError,
            "a character is one code point, got '<|endoftext|>'",
        ),
        ({1: 0}, TypeError, "a text must be a string, got int"),
        (
            {"\ud800": 0},
            ValueError,
            "a text holds no lone surrogate, got U+D800 at position 0",
        ),
        (["a"], TypeError, "a vocabulary must map words to ids, got list"),
    ],
)
def test_what_is_no_vocabulary_is_refused(backend, vocabulary, kind, message):
    expected = kind, message
    actual = refusal(lambda: backend.CharacterTokenizer(vocabulary))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("characters", "message"),
    [
        ([97, 98, 97], "every character must have one id, got 97 twice"),
        ([-1, -1], "every character must have one id, got -1 twice"),
        ([97, -2], "no character has the number -2"),
        ([0x110000], "no character has the number 1114112"),
        ([0xDFFF], "no character has the number 57343"),
        ([[97]], "characters must stand in one row, got (1, 1)"),
        ([97.0], "characters must hold int64, got float64"),
        ([True], "characters must hold int64, got bool"),
    ],
)
def test_a_state_that_is_no_vocabulary_is_refused(backend, characters, message):
    tokenizer = backend.CharacterTokenizer.train("hello")
    kept = tokenizer.vocabulary
    state = {"characters": array_for(backend, np.array(characters))}
    actual = refusal(lambda: tokenizer.load_state_dict(state))

    assert actual == (ValueError, message)
    assert tokenizer.vocabulary == kept
    assert tokenizer.encode("hole").tolist() == [1, 3, 2, 0]


# Anchor values


@both_backends
def test_hello_has_the_ids_of_its_sorted_letters(backend):
    tokenizer = backend.CharacterTokenizer.train("hello world")  # space d e h l o r w
    expected = [3, 2, 4, 4, 5, 0, 7, 5, 6, 4, 1]
    actual = tokenizer.encode("hello world").tolist()

    assert actual == expected
