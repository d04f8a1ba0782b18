"""Special tokens: both sides agree on what is one, and what is plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.tokenizers.array_sides import REFERENCE, TORCH, each_side, refusal

names = st.lists(st.text("ab|", min_size=1, max_size=3), max_size=4, unique=True)
whole = st.text("ab|c", max_size=12)


def find(side, text, tokens, allowed="all", disallowed="all"):
    return side("special_tokens").find_special_tokens(text, tokens, allowed, disallowed)


# Agreement


@given(whole, names)
def test_reference_and_torch_agree(text, tokens):
    assert find(REFERENCE, text, tokens) == find(TORCH, text, tokens)


# Laws


@each_side
@given(whole, names)
def test_the_leftmost_is_taken_and_of_those_the_longest(side, text, tokens):
    expected, place = [], 0
    while place < len(text):
        here = [token for token in tokens if text.startswith(token, place)]
        longest = max(here, key=len, default="")
        if longest:
            end = place + len(longest)
            expected.append((place, end, tokens.index(longest)))
        place += len(longest) or 1

    assert find(side, text, tokens) == expected


@each_side
@given(whole, names)
def test_plain_text_never_becomes_one(side, text, tokens):
    assert find(side, text, tokens, allowed=(), disallowed=()) == []


@each_side
@given(st.lists(st.text(min_size=1), max_size=4))
def test_unpacking_undoes_packing(side, tokens):
    special_tokens = side("special_tokens")

    assert special_tokens.unpack(*special_tokens.pack(tokens)) == tokens


@each_side
@given(whole, names)
def test_each_becomes_the_end_of_a_text(side, text, tokens):
    found = find(side, text, tokens)
    expected, behind = [], 0
    for start, end, _ in found:
        expected += [*map(ord, text[behind:start]), 0x110000]
        behind = end
    expected += map(ord, text[behind:])

    points, numbers = side("special_tokens").end_texts(side.points(text), found)

    assert points.tolist() == expected
    assert numbers.tolist() == [number for _, _, number in found]


# Refusals


@each_side
@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["a", ""], (ValueError, "a special token has a character, got '' at 1")),
        (["a", "b", "a"], (ValueError, "special tokens must differ, got 'a' twice")),
        (
            "ab",
            (TypeError, "special_tokens must be a list of strings, got one string"),
        ),
        ([1], (TypeError, "a text must be a string, got int")),
        (
            ["a\ud800"],
            (ValueError, "a text holds no lone surrogate, got U+D800 at position 1"),
        ),
    ],
)
def test_special_tokens_that_cannot_be_are_refused(side, tokens, expected):
    def run(side):
        side("special_tokens").refuse_special_tokens(tokens)

    assert refusal(run, side) == expected


@each_side
@pytest.mark.parametrize(
    ("allowed", "disallowed"), [((), "all"), ({"<b>"}, "all"), ("all", {"<a>"})]
)
def test_one_that_is_disallowed_is_refused(side, allowed, disallowed):
    message = (
        "the text holds the special token '<a>' at position 2: put it in "
        "allowed_special, or pass disallowed_special=() to read it as plain text"
    )

    def run(side):
        find(side, "x <a> <b>", ["<a>", "<b>"], allowed, disallowed)

    assert refusal(run, side) == (ValueError, message)


@each_side
@pytest.mark.parametrize("choice", ["allowed", "disallowed"])
def test_the_name_of_no_special_token_is_refused(side, choice):
    message = "'<c>' is no special token of this tokenizer"

    def run(side):
        find(side, "x", ["<a>"], **{choice: {"<c>"}})

    assert refusal(run, side) == (ValueError, message)


@each_side
def test_lengths_that_do_not_add_up_are_refused(side):
    message = "special_lengths must add up to 3, the number of special_points, got 2"

    def run(side):
        side("special_tokens").unpack(side.points("abc"), side.array([2]))

    assert refusal(run, side) == (ValueError, message)


# Anchor values


@each_side
@pytest.mark.parametrize("tokens", [["<a", "<a>", "b"], ["<a>", "b", "<a"]])
def test_of_two_that_begin_together_the_longer_is_found(side, tokens):
    found = find(side, "b<a><a", tokens)

    assert [tokens[number] for _, _, number in found] == ["b", "<a>", "<a"]


@each_side
def test_only_what_is_allowed_is_one(side):
    found = find(side, "<a><b>", ["<a>", "<b>"], allowed={"<b>"}, disallowed=())

    assert found == [(3, 6, 1)]
