"""Words as tokens: both sides agree, and each obeys the laws of the thing."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.catalogue import concept
from parity_tests.concept import Case
from parity_tests.refusal import refusal
from parity_tests.sample_text import HURTS, text
from parity_tests.side import array_for, both_backends

WORD = concept("word")

# Agreement


@pytest.mark.parametrize("name", HURTS)
def test_reference_and_torch_agree_on_text_that_hurts(name):
    case = Case({}, {"corpus": HURTS[name], "text": HURTS[name]})
    comparison = WORD.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@both_backends
@given(text())
def test_decoding_gives_back_all_but_the_white_space(backend, text):
    tokenizer = backend.WordTokenizer.train(text)
    expected = "".join(text.split())
    actual = "".join(tokenizer.decode(tokenizer.encode(text)).split())

    assert actual == expected


@both_backends
@given(text(), st.data())
def test_encoding_undoes_decoding(backend, text, data):
    tokenizer = backend.WordTokenizer.train(text)
    expected = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1)))
    actual = tokenizer.encode(tokenizer.decode(expected)).tolist()

    assert actual == expected


@both_backends
@given(text(), text())
def test_two_texts_with_a_space_between_are_encoded_as_each_alone(backend, left, right):
    encode = backend.WordTokenizer.train(left).encode
    expected = encode(left).tolist() + encode(right).tolist()
    actual = encode(f"{left} {right}").tolist()

    assert actual == expected


@both_backends
@given(text(), text())
def test_the_order_of_documents_has_no_influence_on_the_vocabulary(backend, one, other):
    expected = backend.WordTokenizer.train(f"{one} {other}").vocabulary
    actual = backend.WordTokenizer.train(f"{other} {one}").vocabulary

    assert actual == expected


@both_backends
@given(text())
def test_ids_follow_the_order_of_words_and_special_words_come_last(backend, text):
    *words, before_last, last = backend.WordTokenizer.train(text).vocabulary

    assert words == sorted(words)
    assert (before_last, last) == ("<|endoftext|>", "<|unk|>")


@both_backends
@given(text())
def test_any_numbering_can_be_given(backend, text):
    numbering = {
        word: i for i, word in enumerate(sorted({*text.split(), *text, ""})[::-1])
    }
    tokenizer = backend.WordTokenizer(numbering)

    assert tokenizer.vocabulary == numbering
    assert [tokenizer.decode([i]) for i in range(len(numbering))] == [
        re.sub(r"\s+([,.:;?!\"()'])", r"\1", word) for word in numbering
    ]


@both_backends
@pytest.mark.parametrize(
    ("text", "comes_back_as"),
    [
        ("a\n\n\tb  c", "a b c"),
        ("  a  ", "a"),
        ("a , b ( c )", "a, b( c)"),
        ("a : b ; c . d ! e ? f", "a: b; c. d! e? f"),
        ('say "yes" now', 'say" yes" now'),
        ("don't", "don' t"),
        ("a,b", "a, b"),
        ("a--b snake_case", "a -- b snake _ case"),
        ("a\u00a0b\u3000c\x1cd", "a b c d"),
        ("", ""),
    ],
)
def test_white_space_is_lost_as_the_docstring_says(backend, text, comes_back_as):
    tokenizer = backend.WordTokenizer.train(text)

    assert tokenizer.decode(tokenizer.encode(text)) == comes_back_as


@both_backends
@pytest.mark.parametrize("special", ["<|endoftext|>", "<|unk|>"])
def test_a_special_word_in_a_text_has_its_id_and_is_no_word_of_its_own(
    backend, special
):
    tokenizer = backend.WordTokenizer.train(f"a {special} b")

    assert [*tokenizer.vocabulary] == ["a", "b", "<|endoftext|>", "<|unk|>"]
    assert tokenizer.encode(f"a{special} {special},").tolist() == [
        3,
        tokenizer.vocabulary[special],
        3,
    ]


@both_backends
@pytest.mark.parametrize(
    ("text", "n_words"),
    [
        ("a" * 10**6, 1),
        (" " * 10**6, 0),
        ("\n " * (10**6 // 2), 0),
        ("-" * 10**6, 10**6 // 2),
        ("猫" * 10**6, 1),
        ("a" * 10**5 + " b" * 10**5, 10**5 + 1),
    ],
    ids=["letter", "spaces", "newlines", "dashes", "CJK", "one huge word"],
)
def test_a_long_run_takes_no_longer_than_its_length(backend, text, n_words):
    tokenizer = backend.WordTokenizer.train(text)

    assert len(tokenizer.encode(text)) == n_words


@both_backends
def test_white_space_within_a_word_takes_no_longer_than_its_length(backend):
    tokenizer = backend.WordTokenizer({" " * 10**6: 0, "a": 1})

    assert tokenizer.decode([0, 1]) == " " * (10**6 + 1) + "a"


# Bridges: the book's own class, in the book's own words


class SimpleTokenizerV2:
    """Listing 2.4 of the book."""

    def __init__(self, vocab):
        self.str_to_int = vocab
        self.int_to_str = {i: s for s, i in vocab.items()}

    def encode(self, text):
        """Turn a text into ids."""
        preprocessed = re.split(r'([,.:;?_!"()\']|--|\s)', text)
        preprocessed = [item.strip() for item in preprocessed if item.strip()]
        preprocessed = [
            item if item in self.str_to_int else "<|unk|>" for item in preprocessed
        ]
        return [self.str_to_int[s] for s in preprocessed]

    def decode(self, ids):
        """Turn ids into a text."""
        text = " ".join([self.int_to_str[i] for i in ids])
        return re.sub(r'\s+([,.:;?!"()\'])', r"\1", text)


@both_backends
@given(text(), text())
def test_it_is_the_tokenizer_of_the_book(backend, corpus, text):
    tokenizer = backend.WordTokenizer.train(corpus)
    book = SimpleTokenizerV2(tokenizer.vocabulary)
    expected = book.encode(text)
    actual = tokenizer.encode(text).tolist()

    assert actual == expected
    assert tokenizer.decode(actual) == book.decode(expected)


@both_backends
@given(text())
def test_it_learns_the_vocabulary_of_the_book(backend, text):
    plain = text.replace("<|endoftext|>", "").replace("<|unk|>", "")
    preprocessed = re.split(r'([,.:;?_!"()\']|--|\s)', plain)
    preprocessed = [item.strip() for item in preprocessed if item.strip()]
    all_tokens = sorted(set(preprocessed))
    all_tokens.extend(["<|endoftext|>", "<|unk|>"])
    expected = {token: integer for integer, token in enumerate(all_tokens)}
    actual = backend.WordTokenizer.train(plain).vocabulary

    assert actual == expected


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the cat, the bird", "no id for 'bird', word 5 of the text"),
        ("Hello, world", "no id for 'Hello', word 1 of the text"),
        ("the " + "x" * 50, f"no id for '{'x' * 40}'…, word 2 of the text"),
    ],
)
def test_an_unknown_word_is_refused_without_unk(backend, text, message):
    tokenizer = backend.WordTokenizer({"the": 0, "cat": 1, ",": 2})
    expected = KeyError, repr(message)
    actual = refusal(lambda: tokenizer.encode(text))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("vocabulary", "kind", "message"),
    [
        ({"a": 1}, ValueError, "ids must be 0..0, each of them once, got 1 for 'a'"),
        (
            {"a": 0, "b": 0},
            ValueError,
            "ids must be 0..1, each of them once, got 0 for 'b'",
        ),
        ({"a": "0"}, TypeError, "ids must be whole numbers, got '0'"),
        ({b"a": 0}, TypeError, "a text must be a string, got bytes"),
        (
            {"a\udfff": 0},
            ValueError,
            "a text holds no lone surrogate, got U+DFFF at position 1",
        ),
        ("a", TypeError, "a vocabulary must map words to ids, got str"),
    ],
)
def test_what_is_no_vocabulary_is_refused(backend, vocabulary, kind, message):
    expected = kind, message
    actual = refusal(lambda: backend.WordTokenizer(vocabulary))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("spelling", "ends", "message"),
    [
        ([97, 98], [1, 3], "ends must rise to the end of the spelling"),
        ([97, 98], [2, 1], "ends must rise to the end of the spelling"),
        ([97, 98], [1], "ends must rise to the end of the spelling"),
        ([97, 98], [-1, 2], "ends must rise to the end of the spelling"),
        ([[97, 98]], [1, 2], "ends must rise to the end of the spelling"),
        ([97, 97], [1, 2], "every word must have one id, got 'a' twice"),
        ([97, 300], [1, 2], "spelling must hold uint8, got int64"),
        ([97, 98], [1.0, 2.0], "ends must hold int64, got float64"),
        ([97, 255], [1, 2], "word 1 is no UTF-8"),
    ],
)
def test_a_state_that_is_no_vocabulary_is_refused(backend, spelling, ends, message):
    tokenizer = backend.WordTokenizer.train("hello world")
    kept = tokenizer.vocabulary
    state = {
        "spelling": array_for(backend, np.array(spelling)),
        "ends": array_for(backend, np.array(ends)),
    }
    actual = refusal(lambda: tokenizer.load_state_dict(state))

    assert actual == (ValueError, message)
    assert tokenizer.vocabulary == kept
    assert tokenizer.encode("world hello").tolist() == [1, 0]


# Anchor values: sentences of the book


@both_backends
def test_the_first_sentence_of_the_book_is_split_as_there(backend):
    sentence = "Hello, world. Is this-- a test?"
    expected = ["Hello", ",", "world", ".", "Is", "this", "--", "a", "test", "?"]
    tokenizer = backend.WordTokenizer.train(sentence)
    ids = tokenizer.encode(sentence).tolist()
    actual = [tokenizer.decode([number]) for number in ids]

    assert actual == expected


@both_backends
def test_two_documents_of_the_book_come_back_as_there(backend):
    tokenizer = backend.WordTokenizer.train(
        "do you like tea? In the sunlit terraces of,."
    )
    documents = "Hello, do you like tea?", "In the sunlit terraces of the palace."
    expected = (
        "<|unk|>, do you like tea? <|endoftext|> In the sunlit terraces of the <|unk|>."
    )
    actual = tokenizer.decode(tokenizer.encode(" <|endoftext|> ".join(documents)))

    assert actual == expected
