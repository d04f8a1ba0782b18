"""Character classes: one table for both sides, and the one that tiktoken has."""

from pathlib import Path

import numpy as np
import pytest
import tiktoken

from parity_tests.tokenizers.array_sides import (
    REFERENCE,
    TORCH,
    each_side,
    in_lockstep,
)

EVERY = [*range(0xD800), *range(0xE000, 0x110000)]  # but surrogates
NAMES = ("other", "letter", "number", "white space")


def classes_of(side, points):
    return side("character_classes").character_classes(side.array(points)).tolist()


# Agreement


def test_reference_and_torch_agree():
    comparison = in_lockstep(
        lambda side: side("character_classes").character_classes(side.array(EVERY))
    )

    assert comparison.departure is None, str(comparison.departure)


def test_both_sides_carry_the_same_ranges():
    here, there = (
        Path(side("character_classes").__file__).with_suffix(".txt").read_bytes()
        for side in (REFERENCE, TORCH)
    )

    assert here == there


# Bridges


@each_side
@pytest.mark.parametrize(
    ("number", "pattern"), [(1, r"\p{L}+"), (2, r"\p{N}+"), (3, r"\s+")], ids=NAMES[1:]
)
def test_a_class_is_what_the_engine_of_tiktoken_matches(side, number, pattern):
    ranks = {bytes([byte]): byte for byte in range(256)}
    engine = tiktoken.Encoding(
        "matches", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
    )
    text = "".join(map(chr, EVERY))
    expected = engine.decode_bytes(engine.encode(text)).decode("utf-8")

    classes = np.array(classes_of(side, EVERY))

    assert "".join(map(chr, np.array(EVERY)[classes == number])) == expected


# Anchor values


@each_side
@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", "letter"),
        ("猫", "letter"),
        ("ª", "letter"),  # ordinal indicator, category Lo
        ("7", "number"),
        ("½", "number"),
        ("Ⅷ", "number"),
        ("٣", "number"),
        ("\u00a0", "white space"),
        ("\u3000", "white space"),
        ("\x85", "white space"),
        ("\x1c", "other"),  # white space to `str.isspace`, not to Unicode
        ("\u200b", "other"),  # a "zero width space" is no white space
        ("_", "other"),
        ("\u0301", "other"),  # a combining accent is a mark, no letter
        ("\u0378", "other"),  # unassigned
    ],
)
def test_a_character_has_its_class(side, character, name):
    assert NAMES[classes_of(side, [ord(character)])[0]] == name


@each_side
def test_there_are_as_many_of_each_as_in_unicode_16(side):
    counts = np.bincount(classes_of(side, EVERY))

    assert counts[1:].tolist() == [141_028, 1_911, 25]
