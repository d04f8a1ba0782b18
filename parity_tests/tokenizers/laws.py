"""Laws of tokenizers whose ids are those of a vocabulary: characters, or words.

A law learns from the `corpus` of a case, and encodes its `text` or decodes its `ids`.
"""

import re
from importlib import import_module
from typing import Any

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.case import Case
from parity_tests.law import Asked
from parity_tests.side import Side

UNKNOWN = "<|unk|>"
SPACE_BEFORE_MARK = re.compile(r"\s+([,.:;?!\"()'])")


def learned(side: Side, corpus: str, **config: Any) -> Any:
    """Learn from a text."""
    return side.class_.train(corpus, **config)


def decoding_undoes_encoding(side: Asked, case: Case) -> Agreement:
    """A text comes back as it was; a character that was not learned is `<|unk|>`."""
    known = {*case.inputs["corpus"]} if case.config.get("unknown") else None
    expected = "".join(
        character if known is None or character in known else UNKNOWN
        for character in case.inputs["text"]
    )
    _, decoded = side(case)
    return compare(expected, decoded)


def encoding_undoes_decoding(side: Side, case: Case) -> Agreement:
    """Any ids come back as they were."""
    tokenizer = learned(side, case.inputs["corpus"])
    ids = (case.inputs["ids"] % max(tokenizer.vocab_size, 1)).tolist()
    ids = ids if tokenizer.vocab_size else []
    return compare(ids, tokenizer.encode(tokenizer.decode(ids)).tolist())


# Characters


def ids_follow_the_order_of_code_points(side: Side, case: Case) -> Agreement:
    """And `<|unk|>`, if it is wanted, comes last."""
    words = sorted({*case.inputs["corpus"]})
    words += [UNKNOWN] if case.config["unknown"] else []
    vocabulary = learned(side, case.inputs["corpus"], **case.config).vocabulary
    return compare([*enumerate(words)], [(i, word) for word, i in vocabulary.items()])


def the_order_of_the_text_has_no_influence_on_the_vocabulary(
    side: Side, case: Case
) -> Agreement:
    """A text read backwards has the same characters."""
    corpus = case.inputs["corpus"]
    one, other = (learned(side, text).vocabulary for text in (corpus, corpus[::-1]))
    return compare([*one.items()], [*other.items()])


def two_texts_joined_are_encoded_as_each_alone(side: Side, case: Case) -> Agreement:
    """A character knows nothing of its neighbours."""
    left, right = case.inputs["corpus"], case.inputs["text"]
    encode = learned(side, left, unknown=True).encode
    expected = [*encode(left).tolist(), *encode(right).tolist()]
    return compare(expected, encode(left + right).tolist())


def every_character_has_its_own_id_or_that_of_unk(side: Side, case: Case) -> Agreement:
    """Character by character, as a dictionary would say it."""
    tokenizer = learned(side, case.inputs["corpus"], unknown=True)
    ids, text = tokenizer.vocabulary, case.inputs["text"]
    expected = [ids.get(character, ids[UNKNOWN]) for character in text]
    return compare(expected, tokenizer.encode(text).tolist())


def any_numbering_of_characters_can_be_given(side: Side, case: Case) -> Agreement:
    """Ids need not follow the code points."""
    text = case.inputs["text"]
    numbering = {character: i for i, character in enumerate(sorted({*text})[::-1])}
    tokenizer = side.class_(numbering)
    expected = [[*numbering.items()], [numbering[character] for character in text]]
    actual = [[*tokenizer.vocabulary.items()], tokenizer.encode(text).tolist()]
    return compare(expected, actual)


def words_of_one_letter_have_the_ids_of_the_letters(
    side: Side, case: Case
) -> Agreement:
    """On letters without a space: with spaces between, they are words."""
    letters = case.inputs["text"]
    spaced = " ".join(letters)
    words = import_module(side.package).WordTokenizer.train(spaced)
    characters = learned(side, letters)
    return compare(words.encode(spaced).tolist(), characters.encode(letters).tolist())


# Words


def decoding_gives_back_all_but_the_white_space(side: Side, case: Case) -> Agreement:
    """What is lost of a text that was learned is where there was space, and which."""
    text = case.inputs["corpus"]
    tokenizer = learned(side, text)
    decoded = tokenizer.decode(tokenizer.encode(text))
    return compare("".join(text.split()), "".join(decoded.split()))


def two_texts_with_a_space_between_are_encoded_as_each_alone(
    side: Side, case: Case
) -> Agreement:
    """No word reaches across a space."""
    left, right = case.inputs["corpus"], case.inputs["text"]
    encode = learned(side, left).encode
    expected = [*encode(left).tolist(), *encode(right).tolist()]
    return compare(expected, encode(f"{left} {right}").tolist())


def the_order_of_documents_has_no_influence_on_the_vocabulary(
    side: Side, case: Case
) -> Agreement:
    """Two documents have the same words in either order."""
    one, other = case.inputs["corpus"], case.inputs["text"]
    expected, actual = (
        learned(side, text).vocabulary for text in (f"{one} {other}", f"{other} {one}")
    )
    return compare([*expected.items()], [*actual.items()])


def ids_follow_the_order_of_words_and_special_words_come_last(
    side: Side, case: Case
) -> Agreement:
    """Words are sorted by code points; behind them are the end of a text, and unk."""
    *words, before_last, last = learned(side, case.inputs["corpus"]).vocabulary
    expected = [*sorted(words), "<|endoftext|>", UNKNOWN]
    return compare(expected, [*words, before_last, last])


def any_numbering_of_words_can_be_given(side: Side, case: Case) -> Agreement:
    """Ids need not follow the order of words, and any string may be a word."""
    text = case.inputs["text"]
    words = sorted({*text.split(), *text, ""})[::-1]
    numbering = {word: i for i, word in enumerate(words)}
    tokenizer = side.class_(numbering)
    decoded = [tokenizer.decode(np.array([i])) for i in range(len(words))]
    expected = [[*numbering.items()], [SPACE_BEFORE_MARK.sub(r"\1", w) for w in words]]
    return compare(expected, [[*tokenizer.vocabulary.items()], decoded])
