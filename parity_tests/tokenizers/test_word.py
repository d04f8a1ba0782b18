"""Word tokenizer: its properties, rejections, oracles and values."""

import pytest

from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.tokenizers import cases, properties, rejections
from parity_tests.tokenizers.examples import word_examples
from parity_tests.tokenizers.oracles import BOOK
from parity_tests.tokenizers.requests import TOKENIZERS, unicode_16
from parity_tests.tokenizers.tokenizer_tests import TokenizerTests
from parity_tests.tokenizers.typed import WORD

PATH = "tokenizers/word"

PAIR = Pair(
    path=PATH,
    cases=cases.word_cases(),
    properties=(*properties.of_all(), properties.ENCODES, *properties.WORDS),
    rejections=rejections.OF_WORDS,
    oracles=(BOOK,),
    on_text=cases.words_on_text,
    examples=word_examples,
    typed=WORD,
    conventions=(unicode_16(cases.word_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)


class TestWordTokenizer(TokenizerTests, PairTests):
    """All that is asked of every pair and of every tokenizer, and some values."""

    pair = PAIR

    # White space and special words

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
    def test_white_space_is_lost_as_the_docstring_says(
        self, backend, text, comes_back_as
    ):
        tokenizer = PAIR.part(backend).from_text(text)

        assert tokenizer.decode(tokenizer.encode(text)) == comes_back_as

    @pytest.mark.parametrize("special", ["<|endoftext|>", "<|unk|>"])
    def test_a_special_word_in_a_text_has_its_id_and_is_no_word_of_its_own(
        self, backend, special
    ):
        tokenizer = PAIR.part(backend).from_text(f"a {special} b")
        ids = tokenizer.encode(f"a{special} {special},").tolist()

        assert [*tokenizer.vocabulary] == ["a", "b", "<|endoftext|>", "<|unk|>"]
        assert ids == [3, tokenizer.vocabulary[special], 3]

    # Time

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
    def test_a_long_run_takes_no_longer_than_its_length(self, backend, text, n_words):
        tokenizer = PAIR.part(backend).from_text(text)

        assert len(tokenizer.encode(text)) == n_words

    def test_white_space_within_a_word_takes_no_longer_than_its_length(self, backend):
        tokenizer = PAIR.part(backend)({" " * 10**6: 0, "a": 1})

        assert tokenizer.decode([0, 1]) == " " * (10**6 + 1) + "a"

    # Published values: sentences of the book, sections 2.2 and 2.4

    def test_the_first_sentence_of_the_book_is_split_as_there(self, backend):
        sentence = "Hello, world. Is this-- a test?"
        expected = ["Hello", ",", "world", ".", "Is", "this", "--", "a", "test", "?"]
        tokenizer = PAIR.part(backend).from_text(sentence)
        ids = tokenizer.encode(sentence).tolist()

        assert [tokenizer.decode([number]) for number in ids] == expected

    def test_two_documents_of_the_book_come_back_as_there(self, backend):
        tokenizer = PAIR.part(backend).from_text(
            "do you like tea? In the sunlit terraces of,."
        )
        documents = "Hello, do you like tea?", "In the sunlit terraces of the palace."
        expected = (
            "<|unk|>, do you like tea? <|endoftext|> "
            "In the sunlit terraces of the <|unk|>."
        )
        ids = tokenizer.encode(" <|endoftext|> ".join(documents))

        assert tokenizer.decode(ids) == expected
