"""The records of the tokenizers, from the simplest to the one that GPT-2 has."""

from typing import Any

from parity_tests.agreement import as_array
from parity_tests.concept import Concept
from parity_tests.law import REPEATABLE, Law
from parity_tests.tokenizers import byte_pair_cases, cases, laws


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
        laws=(REPEATABLE,),
        answer=ids_and_text,
    ),
    Concept(
        path="tokenizers/character",
        class_name="CharacterTokenizer",
        cases=cases.character_cases(),
        run_reference=cases.run,
        run_torch=cases.run,
        on_text=cases.characters_on_text,
        laws=(Law(laws.decoding_undoes_encoding, for_all=True), REPEATABLE),
        answer=ids_and_text,
    ),
    Concept(
        path="tokenizers/byte_pair",
        class_name="BytePairTokenizer",
        cases=byte_pair_cases.byte_pair_cases(),
        run_reference=byte_pair_cases.run,
        run_torch=byte_pair_cases.run,
        on_text=byte_pair_cases.byte_pairs_on_text,
        laws=(Law(laws.decoding_undoes_encoding, for_all=True), REPEATABLE),
        answer=ids_and_text,
    ),
)
