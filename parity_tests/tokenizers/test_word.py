"""Word tokenizer: its properties, rejections, oracles and values."""

import pytest

from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.tokenizers import cases, properties, rejections
from parity_tests.tokenizers.curated_words import word_probes
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
    probes=word_probes,
    typed=WORD,
    conventions=(unicode_16(cases.word_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)


class TestWordTokenizer(TokenizerTests, PairTests):
    """All that is asked of every pair and of every tokenizer, and some values."""

    pair = PAIR

    @pytest.mark.parametrize("special", ["<|endoftext|>", "<|unk|>"])
    def test_a_special_word_in_a_text_has_its_id_and_is_no_word_of_its_own(
        self, backend, special
    ):
        tokenizer = PAIR.part(backend).from_text(f"a {special} b")
        ids = tokenizer.encode(f"a{special} {special},").tolist()

        assert [*tokenizer.vocabulary] == ["a", "b", "<|endoftext|>", "<|unk|>"]
        assert ids == [3, tokenizer.vocabulary[special], 3]

    # Time

    def test_a_long_run_takes_no_longer_than_its_length(self, backend):
        for text, n_words in (
            *(("a" * 10**6, 1), (" " * 10**6, 0), ("\n " * (10**6 // 2), 0)),
            *(("-" * 10**6, 10**6 // 2), ("猫" * 10**6, 1)),
            ("a" * 10**5 + " b" * 10**5, 10**5 + 1),
        ):
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
        known = "do you like tea? In the sunlit terraces of,."
        tokenizer = PAIR.part(backend).from_text(known)
        documents = "Hello, do you like tea?", "In the sunlit terraces of the palace."
        expected = "<|unk|>, do you like tea?", "In the sunlit terraces of the <|unk|>."
        ids = tokenizer.encode(" <|endoftext|> ".join(documents))

        assert tokenizer.decode(ids) == " <|endoftext|> ".join(expected)
