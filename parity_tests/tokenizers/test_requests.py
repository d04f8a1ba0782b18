"""How tokenizers are asked, how their answers are read, and with which characters."""

import re
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
import regex
from hypothesis import given

from parity_tests.contract import border
from parity_tests.contract.case import Case
from parity_tests.text.sample_text import settled, text
from parity_tests.tokenizers.curated_tables import every_pair
from parity_tests.tokenizers.differences import decoding_differs, tokens_differ
from parity_tests.tokenizers.factory import encode_and_decode
from parity_tests.tokenizers.requests import TOKENIZERS, unicode_16, vocabulary_of
from reference import BytePairTokenizer
from reference.tokenizers.pretokenize import L, N, S

TOKENIZER = BytePairTokenizer([(97, 98), (256, 97)], ["<|end|>"])  # ab 256, aba 257


def written(text, expected, got):
    """Write down how two answers for a text differ, line by line."""
    case = Case({}, {"text": text})
    return tokens_differ(TOKENIZER, case, expected, got).splitlines()


# Differences


def test_the_first_token_that_differs_is_named_with_its_bytes():
    assert written("a\x1b", [[97, 27], "a\x1b"], [[97, 255, 999], "a"]) == [
        r"text 'a\x1b', token 1: expected 27 b'\x1b', got 255 b'\xff'",
        r"expected: 97 b'a', 27 b'\x1b'",
        r"got: 97 b'a', 255 b'\xff', 999 (none)",
    ]


def test_a_row_that_ends_too_early_says_so():
    first, _, got = written("aa", [[97, 97], "aa"], [[], ""])

    assert first == "text 'aa', token 0: expected 97 b'a', got no more tokens"
    assert got == "got: no tokens"


def test_of_long_rows_it_shows_what_is_around_the_difference():
    rows = [[97] * 300, ""], [[*[97] * 99, 98], ""]
    first, expected, _ = written("a" * 300, *rows)

    assert len(first) < 300
    assert "(from character 39 of 300), token 99: expected 97 b'a', got 98" in first
    assert expected == "expected: …, " + ", ".join(["97 b'a'"] * 6) + ", …"


@pytest.mark.parametrize(("got", "found"), [(97, False), (258, True)])
def test_a_special_token_that_is_not_found_is_the_rule_that_is_named(got, found):
    lines = written("<|end|>", [[258, 97], ""], [[got], ""])

    assert ("special tokens inside a text must be found" in lines) != found


def test_a_text_that_is_decoded_otherwise_is_quoted():
    (line,) = written("a", [[97], "a"], [[97], " a"])

    assert line.endswith("the ids of which agree: decoding must give 'a', got ' a'")


def test_of_rows_the_first_that_is_decoded_otherwise_is_quoted():
    case = Case({}, {"ids": [[97], [256, 255], [98]]})
    right, got = [[], ["a", "ab\ufffd", "b"]], [[], ["a", "ab", ""]]
    line = decoding_differs(TOKENIZER, case, right, got)

    expected = "decoding must give 'ab\ufffd', got 'ab'"
    assert line == rf"ids 256 b'ab', 255 b'\xff': {expected}"


# Factories


def ask(factory, **asked):
    """Ask a factory as the process of an implementation does."""
    make = border.read(border.write(vocabulary_of(TOKENIZER)))
    return encode_and_decode(factory, {"make": make, **(asked or {"text": "a"})})


def giving(ids, text="a"):
    """Make a factory of tokenizers that always give this."""
    tokenizer = SimpleNamespace(encode=lambda text: ids, decode=lambda ids: text)
    return lambda **tables: tokenizer


@pytest.mark.parametrize("ids", [[0, 1], (0, 1), np.array([0, 1], np.uint16)])
def test_ids_in_any_row_become_int64(ids):
    row, decoded = ask(giving(ids))["output"]

    assert (row.tolist(), row.dtype, decoded) == ([0, 1], np.int64, "a")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (giving(3), "encodes to int; expected a row of ids"),
        (giving(["a"]), "encodes to a row of str; expected integers"),
        (giving([1.0]), "encodes to a row of float; expected integers"),
        (giving([True]), "encodes to a row of bool; expected integers"),
        (giving([0], b"a"), "decodes to bytes; expected text"),
    ],
)
def test_another_form_is_reported(factory, message):
    assert ask(factory) == {"trouble": message}


@pytest.mark.parametrize("text", [b"a", ["a"]])
def test_rows_of_ids_must_be_decoded_to_texts(text):
    expected = f"decodes to {type(text).__name__}; expected text"

    assert ask(giving([0], text), ids=[[0], [1]]) == {"trouble": expected}
    assert ask(giving([0]), ids=[[0], [1]])["output"][1] == ("a", "a")


def test_a_factory_of_other_arguments_names_the_rule():
    rule = r"called as f\(vocabulary=…, merges=…, special_tokens=…"
    with pytest.raises(TypeError, match=rule):
        ask(lambda v, m, s: None)


def test_tables_are_dicts_and_pairs_of_bytes():
    given = {}
    with pytest.raises(AttributeError):
        ask(lambda **tables: given.update(tables))

    assert [*given["vocabulary"].items()][254:] == [
        *((b"\xfe", 254), (b"\xff", 255), (b"ab", 256), (b"aba", 257)),
    ]
    assert given["merges"] == [(b"a", b"b"), (b"ab", b"a")]
    assert given["special_tokens"] == {"<|end|>": 258}


def test_only_a_large_vocabulary_is_given_to_a_factory_once():
    made = []

    def factory(**tables):
        made.append(len(tables["vocabulary"]))
        return giving([0])()

    large = BytePairTokenizer(every_pair()[:10_000])
    for tokenizer in (TOKENIZER, TOKENIZER, large, large):
        make = vocabulary_of(tokenizer)
        encode_and_decode(factory, {"make": make, "text": "a"})

    assert made == [258, 258, 10_256]


# Characters


@pytest.mark.parametrize(("theirs", "ours"), [(r"\p{L}", L), (r"\p{N}", N), (r"\s", S)])
def test_regex_agrees_on_the_class_of_every_settled_character(theirs, ours):
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    characters = settled(everything)

    assert len(characters) > 250_000
    assert regex.findall(theirs, characters) == re.findall(f"[{ours}]", characters)


@given(text())
def test_the_kit_draws_settled_characters_unless_unicode_16_is_declared(drawn):
    case = Case({}, {"corpus": drawn, "text": drawn})
    cases = SimpleNamespace(map=lambda change: change(case))
    inputs = TOKENIZERS.cases(cases).inputs

    assert inputs["text"] == inputs["corpus"]
    assert "Cn" not in map(unicodedata.category, inputs["text"])
    assert unicode_16(cases).cases(None) is cases
