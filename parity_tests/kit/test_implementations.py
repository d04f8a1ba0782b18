"""Every kind of plug-in: layers, tokenizers, and what keeps other conventions."""

import pytest

from parity_tests.catalogue import concept
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

FOLDER = "parity_tests.kit.plug_ins"


def checked(name, target, examples=20, **options):
    """Check a plug-in; return what the kit found."""
    return check(Request(concept(name), f"{FOLDER}:{target}", examples, **options))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("windows", "windows"),
        ("embedding", "embedding"),
        ("character_tokenizer", "Words"),
        ("word_tokenizer", "WordByWord"),
        ("byte_pair_tokenizer", "PairByPair"),
        ("causal_attention", "causal"),
    ],
)
def test_what_is_right_agrees(name, target):
    verdict = checked(name, target)

    assert verdict.agrees, verdict
    assert verdict.examples == 20


@pytest.mark.parametrize(
    ("name", "target", "known"),
    [
        ("windows", "windows_of_one_side", "targets-are-inputs"),
        ("embedding", "embedding_without_places", "positions-forgotten"),
        ("word", "LowerCase", "word-lower-case"),
        ("byte_pair", "OverMerges", "special-ids-over-merges"),
        ("character", "Stripped", "text-stripped"),
    ],
)
def test_a_mistake_departs_and_is_recognised(name, target, known):
    verdict = checked(name, target, examples=40)

    assert verdict.exit_status == 1
    assert known in verdict.looks_like


def test_a_broken_law_is_told_beside_the_difference():
    verdict = checked("windows", "windows_of_one_side")

    broken = [law for law, reason in verdict.laws.items() if reason]
    assert broken == ["windows start a stride apart and targets are one later"]


def test_ids_that_are_no_numbers_are_reported():
    verdict = checked("character", "Strings")

    assert "where whole numbers are due" in verdict.first_difference


@pytest.mark.parametrize(
    ("target", "convention"),
    [
        ("causal_of_drops", "mask_drops"),
        ("causal_in_out", "weights_in_out"),
        ("causal_packed", "packed_projections"),
    ],
)
def test_an_implementation_is_held_to_the_convention_that_it_declares(
    target, convention
):
    supports = frozenset({"dropout"})

    declared = checked("causal", target, conventions=(convention,), supports=supports)
    assert declared.agrees, declared
    assert declared.tried["dropout"] > 0

    assert not checked("causal", target, supports=supports).agrees
