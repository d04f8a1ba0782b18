"""Properties of tokenizers: of all, then of words and characters, whose ids are a dict.

A property learns from the `corpus` of a case, and encodes its `text` or decodes its
`ids`.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hypothesis import strategies as st

import reference
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import BACKENDS
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.text.sample_text import text
from parity_tests.tokenizers.cases import Cases, cases_of, character_cases, rows_of_ids

UNKNOWN = "<|unk|>"
SPACE_BEFORE_MARK = re.compile(r"\s+([,.:;?!\"()'])")


def learned(run: OneBackend, case: Case) -> Any:
    """Learn from the text of a case."""
    return run.part.from_text(case.inputs["corpus"], **case.config)


# All tokenizers


def ids_are_integers_that_the_vocabulary_has(run: OneBackend, case: Case) -> Agreement:
    """One-dimensional, of 64 bits, and below `vocab_size`."""
    ids, _ = run(case)
    inside = {*ids.tolist()} <= {*range(learned(run, case).vocab_size)}
    return compare([1, "int64", True], [ids.ndim, ids.dtype.name, inside])


def encoding_a_batch_is_encoding_each_text(run: OneBackend, case: Case) -> Agreement:
    """An empty text gives an empty row."""
    tokenizer, texts = learned(run, case), texts_of(case)
    expected = [tokenizer.encode(text).tolist() for text in texts]
    actual = [ids.tolist() for ids in tokenizer.encode_batch(texts)]
    return compare(expected, actual)


def a_padded_row_is_the_ids_of_its_text_then_zeros(
    run: OneBackend, case: Case
) -> Agreement:
    """The lengths say where each row ends; calling a tokenizer pads."""
    tokenizer, texts = learned(run, case), texts_of(case)
    rows = [tokenizer.encode(text).tolist() for text in texts]
    longest = max(map(len, rows))
    padded, lengths = tokenizer(texts)
    actual = [*padded.shape, lengths.tolist(), padded.tolist()]
    expected = [row + [0] * (longest - len(row)) for row in rows]
    return compare([len(texts), longest, [*map(len, rows)], expected], actual)


def a_saved_file_is_loaded_by_either_backend(run: OneBackend, case: Case) -> Agreement:
    """Both read it, and write the same file again."""
    tokenizer = learned(run, case)
    with TemporaryDirectory() as folder:
        path, again = Path(folder) / "saved.json", Path(folder) / "again.json"
        tokenizer.save(path)
        contents = [path.read_bytes()]
        for backend in BACKENDS:
            run.pair.part(backend).load(path).save(again)
            contents.append(again.read_bytes())
    return compare(contents[:1] * 2, contents[1:])


def texts_of(case: Case) -> list[str]:
    """List a few texts that can be encoded, and one that is empty."""
    return [case.inputs["text"], "", case.inputs["corpus"]]


def of_all(cases: Cases | None = None) -> tuple[Property, ...]:
    """List what is true of every tokenizer; batches are drawn from `cases`."""
    return (
        REPEATABLE,
        Property(ids_are_integers_that_the_vocabulary_has),
        Property(encoding_a_batch_is_encoding_each_text, cases),
        Property(a_padded_row_is_the_ids_of_its_text_then_zeros, cases),
        Property(a_saved_file_is_loaded_by_either_backend, cases),
    )


def decoding_undoes_encoding(implementation: Implementation, case: Case) -> Agreement:
    """A text comes back as it was; a character that was not learned is `<|unk|>`."""
    known = {*case.inputs["corpus"]} if case.config.get("unknown") else None
    text = case.inputs["text"]
    expected = "".join(c if known is None or c in known else UNKNOWN for c in text)
    _, decoded = implementation(case)
    return compare(expected, decoded)


DECODES = Property(decoding_undoes_encoding, for_all=True)


# Words and characters


def encoding_undoes_decoding(run: OneBackend, case: Case) -> Agreement:
    """Any ids come back as they were."""
    tokenizer = learned(run, case)
    n_ids = tokenizer.vocab_size
    ids = (case.inputs["ids"] % n_ids).tolist() if n_ids else []
    return compare(ids, tokenizer.encode(tokenizer.decode(ids)).tolist())


ENCODES = Property(
    encoding_undoes_decoding, cases_of(corpus=text(), ids=rows_of_ids(999))
)


# Characters


def ids_follow_the_order_of_code_points(run: OneBackend, case: Case) -> Agreement:
    """And `<|unk|>`, if it is wanted, comes last."""
    tokens = sorted({*case.inputs["corpus"]})
    tokens += [UNKNOWN] if case.config["unknown"] else []
    vocabulary = learned(run, case).vocabulary
    return compare([*enumerate(tokens)], [(i, t) for t, i in vocabulary.items()])


def the_order_of_the_text_has_no_influence_on_the_vocabulary(
    run: OneBackend, case: Case
) -> Agreement:
    """A text in the opposite order, or in two parts, has the same characters."""
    corpus, middle = case.inputs["corpus"], len(case.inputs["corpus"]) // 2
    expected = [*run.part.from_text(corpus).vocabulary.items()]
    others = [corpus[::-1]], [corpus[middle:], corpus[:middle]]
    actual = [[*run.part.from_texts(texts).vocabulary.items()] for texts in others]
    return compare([expected, expected], actual)


def two_texts_joined_are_encoded_as_each_alone(
    run: OneBackend, case: Case, between: str = ""
) -> Agreement:
    """What stands beside a character plays no part."""
    left, right = case.inputs["corpus"], case.inputs["text"]
    encode = learned(run, case).encode
    expected = [*encode(left).tolist(), *encode(right).tolist()]
    return compare(expected, encode(left + between + right).tolist())


def every_character_has_its_own_id_or_that_of_unk(
    run: OneBackend, case: Case
) -> Agreement:
    """Character by character, as a dictionary would say it."""
    tokenizer = learned(run, case)
    ids, text = tokenizer.vocabulary, case.inputs["text"]
    expected = [ids.get(character, ids[UNKNOWN]) for character in text]
    return compare(expected, tokenizer.encode(text).tolist())


def any_numbering_of_characters_can_be_given(run: OneBackend, case: Case) -> Agreement:
    """Ids need not follow the code points."""
    text = case.inputs["text"]
    numbering = {character: i for i, character in enumerate(sorted({*text})[::-1])}
    tokenizer = run.part(numbering)
    expected = [[*numbering.items()], [numbering[character] for character in text]]
    actual = [[*tokenizer.vocabulary.items()], tokenizer.encode(text).tolist()]
    return compare(expected, actual)


def words_of_one_letter_have_the_ids_of_the_letters(
    run: OneBackend, case: Case
) -> Agreement:
    """On letters without a space: with spaces between, they are words."""
    letters = case.inputs["text"]
    spaced = " ".join(letters)
    words = reference.WordTokenizer.from_text(spaced)
    characters = run.part.from_text(letters)
    return compare(words.encode(spaced).tolist(), characters.encode(letters).tolist())


CHARACTERS = (
    Property(ids_follow_the_order_of_code_points),
    Property(the_order_of_the_text_has_no_influence_on_the_vocabulary),
    Property(two_texts_joined_are_encoded_as_each_alone),
    Property(every_character_has_its_own_id_or_that_of_unk, character_cases(True)),
    Property(any_numbering_of_characters_can_be_given),
    Property(
        words_of_one_letter_have_the_ids_of_the_letters,
        cases_of(text=st.text("abcdefgh")),
    ),
)


# Words


def decoding_gives_back_all_but_the_white_space(
    run: OneBackend, case: Case
) -> Agreement:
    """What is lost of a text that was learned is where there was space, and which."""
    text = case.inputs["corpus"]
    tokenizer = learned(run, case)
    decoded = tokenizer.decode(tokenizer.encode(text))
    return compare("".join(text.split()), "".join(decoded.split()))


def two_texts_with_a_space_between_are_encoded_as_each_alone(
    run: OneBackend, case: Case
) -> Agreement:
    """No word reaches across a space."""
    return two_texts_joined_are_encoded_as_each_alone(run, case, between=" ")


def the_order_of_documents_has_no_influence_on_the_vocabulary(
    run: OneBackend, case: Case
) -> Agreement:
    """Two documents have the same words in either order, together or apart."""
    one, other = case.inputs["corpus"], case.inputs["text"]
    expected = [*run.part.from_text(f"{one} {other}").vocabulary.items()]
    pairs = [one, other], [other, one]
    actual = [[*run.part.from_texts(texts).vocabulary.items()] for texts in pairs]
    return compare([expected, expected], actual)


def ids_follow_the_order_of_words_and_special_words_come_last(
    run: OneBackend, case: Case
) -> Agreement:
    """Words are sorted by code points; behind them are the end of a text, and unk."""
    *words, before_last, last = learned(run, case).vocabulary
    expected = [*sorted(words), "<|endoftext|>", UNKNOWN]
    return compare(expected, [*words, before_last, last])


def any_numbering_of_words_can_be_given(run: OneBackend, case: Case) -> Agreement:
    """Ids need not follow the order of words, and any string may be a word."""
    text = case.inputs["text"]
    words = sorted({*text.split(), *text, ""})[::-1]
    numbering = {word: i for i, word in enumerate(words)}
    tokenizer = run.part(numbering)
    decoded = [tokenizer.decode(np.array([i])) for i in range(len(words))]
    expected = [[*numbering.items()], [SPACE_BEFORE_MARK.sub(r"\1", w) for w in words]]
    return compare(expected, [[*tokenizer.vocabulary.items()], decoded])


WORDS = (
    Property(decoding_gives_back_all_but_the_white_space),
    Property(two_texts_with_a_space_between_are_encoded_as_each_alone),
    Property(the_order_of_documents_has_no_influence_on_the_vocabulary),
    Property(ids_follow_the_order_of_words_and_special_words_come_last),
    Property(any_numbering_of_words_can_be_given),
)
