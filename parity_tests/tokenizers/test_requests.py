"""How tokenizers are asked, how their answers are read, and with which characters."""

import re
import unicodedata
from types import SimpleNamespace

import numpy as np
import pytest
import regex
from hypothesis import given

from parity_tests.contract.case import Case
from parity_tests.text.sample_text import settled, text
from parity_tests.tokenizers.factory import encode_and_decode
from parity_tests.tokenizers.requests import TOKENIZERS, difference, unicode_16
from reference.tokenizers.pretokenize import L, N, S

MAKE = {"vocabulary": [[b"a", 0], [b"\xff", 1]], "special_tokens": [["<|end|>", 2]]}


def written(text, expected, got):
    """Write down how two answers for a text differ, line by line."""
    return difference(MAKE, Case({}, {"text": text}), expected, got).splitlines()


# Differences


def test_the_first_token_that_differs_is_named_with_its_bytes():
    assert written("a\x1b", [[0, 1], "a"], [[0, 0, 9], "a"]) == [
        r"text 'a\x1b', token 1: expected 1 b'\xff', got 0 b'a'",
        r"expected: 0 b'a', 1 b'\xff'",
        "got: 0 b'a', 0 b'a', 9 (none)",
    ]


def test_a_row_that_ends_too_early_says_so():
    first, _, got = written("aa", [[0, 0], "aa"], [[], ""])

    assert first == "text 'aa', token 0: expected 0 b'a', got no more tokens"
    assert got == "got: no tokens"


def test_of_long_rows_it_shows_what_is_around_the_difference():
    first, expected, _ = written("a" * 300, [[0] * 300, ""], [[*[0] * 99, 1], ""])

    assert len(first) < 300
    assert "token 99: expected 0 b'a', got 1" in first
    assert expected == "expected: …, " + ", ".join(["0 b'a'"] * 6) + ", …"


@pytest.mark.parametrize(("got", "found"), [(0, False), (2, True)])
def test_a_special_token_that_is_not_found_is_the_rule_that_is_named(got, found):
    lines = written("<|end|>", [[2, 0], ""], [[got], ""])

    assert ("special tokens inside a text must be found" in lines) != found


def test_a_text_that_is_decoded_otherwise_is_quoted():
    (line,) = written("a", [[0], "a"], [[0], " a"])

    assert line.endswith("the ids of which agree: decoding must give 'a', got ' a'")


# Factories


def ask(factory, make=MAKE):
    """Ask a factory as the process of an implementation does."""
    return encode_and_decode(factory, {"make": make, "text": "a"})


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


def test_a_factory_of_other_arguments_names_the_rule():
    with pytest.raises(TypeError, match=r"called as f\(vocabulary=…, special_tokens=…"):
        ask(lambda v, s: None)


def test_tables_are_dicts_and_pairs_of_bytes():
    given = {}
    with pytest.raises(AttributeError):
        ask(lambda **tables: given.update(tables), {**MAKE, "merges": [[b"a", b"a"]]})

    assert given == {
        "vocabulary": {b"a": 0, b"\xff": 1},
        "special_tokens": {"<|end|>": 2},
        "merges": [(b"a", b"a")],
    }


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
