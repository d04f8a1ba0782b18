"""Words as tokens: what their laws in the catalogue do not say."""

import pytest

from parity_tests.case import Case
from parity_tests.catalogue import concept
from parity_tests.sample_text import HURTS
from parity_tests.side import both_backends

WORD = concept("word")

# Agreement


@pytest.mark.parametrize("name", HURTS)
def test_reference_and_torch_agree_on_text_that_hurts(name):
    case = Case({}, {"corpus": HURTS[name], "text": HURTS[name]})
    comparison = WORD.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# White space and special words


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


# Time


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
