"""The records of the tokenizers, from the simplest to the one that GPT-2 has."""

from typing import Any

from hypothesis import strategies as st

from parity_tests.agreement import as_array
from parity_tests.concept import Concept
from parity_tests.law import REPEATABLE, Law
from parity_tests.sample_text import text
from parity_tests.tokenizers import byte_pair_cases, cases, laws, refusals
from parity_tests.tokenizers import byte_pair_laws as pair_laws
from parity_tests.tokenizers.byte_pair_refusals import OF_BYTE_PAIRS
from parity_tests.tokenizers.cases import cases_of, rows_of_ids
from parity_tests.tokenizers.independent import BOOK, CHAR_DATASET, TIKTOKEN

TEXTS = cases_of(text=text())
ORDINARY = text(8).map(lambda whole: whole.replace("<|", "<"))
SPECIAL = st.sampled_from(byte_pair_cases.SPECIAL_TOKENS)
ANY_IDS = cases_of(corpus=text(), ids=rows_of_ids(999))


def ids_and_text(result: list[Any]) -> list[Any]:
    """Give the ids of a text, and the text that they are decoded to."""
    ids, decoded, *_ = result
    return [as_array(ids), decoded]


TOKENIZERS = (
    Concept(
        path="tokenizers/word",
        class_name="WordTokenizer",
        cases=cases.word_cases(),
        run_reference=cases.run,
        run_torch=cases.run,
        on_text=cases.words_on_text,
        laws=(
            Law(laws.decoding_gives_back_all_but_the_white_space),
            Law(laws.encoding_undoes_decoding, ANY_IDS),
            REPEATABLE,
            Law(laws.two_texts_with_a_space_between_are_encoded_as_each_alone),
            Law(laws.the_order_of_documents_has_no_influence_on_the_vocabulary),
            Law(laws.ids_follow_the_order_of_words_and_special_words_come_last),
            Law(laws.any_numbering_of_words_can_be_given),
        ),
        refusals=refusals.OF_WORDS,
        independent=(BOOK,),
        answer=ids_and_text,
    ),
    Concept(
        path="tokenizers/character",
        class_name="CharacterTokenizer",
        cases=cases.character_cases(),
        run_reference=cases.run,
        run_torch=cases.run,
        on_text=cases.characters_on_text,
        laws=(
            Law(laws.decoding_undoes_encoding, for_all=True),
            Law(laws.encoding_undoes_decoding, ANY_IDS),
            REPEATABLE,
            Law(laws.ids_follow_the_order_of_code_points),
            Law(laws.the_order_of_the_text_has_no_influence_on_the_vocabulary),
            Law(laws.two_texts_joined_are_encoded_as_each_alone),
            Law(laws.every_character_has_its_own_id_or_that_of_unk),
            Law(laws.any_numbering_of_characters_can_be_given),
            Law(
                laws.words_of_one_letter_have_the_ids_of_the_letters,
                cases_of(text=st.text("abcdefgh")),
            ),
        ),
        refusals=refusals.OF_CHARACTERS,
        independent=(CHAR_DATASET,),
        answer=ids_and_text,
    ),
    Concept(
        path="tokenizers/byte_pair",
        class_name="BytePairTokenizer",
        cases=byte_pair_cases.byte_pair_cases(),
        run_reference=byte_pair_cases.run,
        run_torch=byte_pair_cases.run,
        on_text=byte_pair_cases.byte_pairs_on_text,
        laws=(
            Law(laws.decoding_undoes_encoding, for_all=True),
            Law(pair_laws.with_many_ids_decoding_undoes_encoding, TEXTS),
            REPEATABLE,
            Law(
                pair_laws.the_bytes_of_two_rows_are_those_of_the_rows_joined,
                cases_of(ids=rows_of_ids(300), more=rows_of_ids(300)),
            ),
            Law(pair_laws.no_token_reaches_across_two_words, cases_of(text=text(6))),
            Law(
                pair_laws.a_special_token_parts_two_texts,
                cases_of(text=ORDINARY, special=SPECIAL, after=ORDINARY),
            ),
            Law(pair_laws.a_special_token_in_plain_text_is_plain_text, TEXTS),
            Law(
                pair_laws.a_batch_is_its_texts,
                cases_of(texts=st.lists(ORDINARY, max_size=3)),
            ),
            Law(
                pair_laws.training_stops_at_the_size_or_when_no_pair_is_left,
                byte_pair_cases.training_cases(),
            ),
        ),
        refusals=OF_BYTE_PAIRS,
        independent=(TIKTOKEN,),
        answer=ids_and_text,
    ),
)
