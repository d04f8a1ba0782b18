"""Every kind of implementation: layers, tokenizers, and those of other conventions."""

import re

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

FOLDER = "parity_tests.kit.implementations"


def checked(name, target, examples=20, **options):
    """Check an implementation; return what the kit found."""
    return check(Request(load(name), f"{FOLDER}:{target}", examples, **options))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("windows", "windows"),
        ("data/embedding", "embedding"),
        ("character", "Characters"),
        ("word", "WordByWord"),
        ("byte_pair", "BytePairs"),
        ("causal", "causal"),
    ],
)
def test_what_is_right_agrees(name, target):
    verdict = checked(name, target)

    assert verdict.agrees, verdict
    assert verdict.examples >= 20


@pytest.mark.parametrize(
    ("name", "target", "known"),
    [
        ("windows", "windows_without_targets", "targets-are-inputs"),
        ("data/embedding", "embedding_without_positions", "positions-forgotten"),
        ("word", "LowerCase", "word-lower-case"),
        ("byte_pair", "OverMerges", "special-ids-over-merges"),
        ("character", "Stripped", "text-stripped"),
    ],
)
def test_a_mistake_differs_and_is_recognised(name, target, known):
    verdict = checked(name, target, examples=40)

    assert verdict.exit_status == 1
    assert known in verdict.looks_like


def test_a_property_that_fails_is_reported_beside_the_difference():
    verdict = checked("windows", "windows_without_targets")

    failing = [sentence for sentence, reason in verdict.properties.items() if reason]
    assert failing == ["windows start a stride apart and targets are one later"]


@pytest.mark.parametrize(
    ("target", "convention"),
    [
        ("causal_of_drops", "mask_drops"),
        ("causal_in_out", "weights_in_out"),
        ("causal_packed", "packed_projections"),
    ],
)
def test_an_implementation_is_checked_by_the_convention_that_it_declares(
    target, convention
):
    supports = frozenset({"dropout"})

    declared = checked("causal", target, conventions=(convention,), supports=supports)
    assert declared.agrees, declared
    assert declared.tried["dropout"] > 0

    assert not checked("causal", target, supports=supports).agrees


def test_softmax_by_log_sum_exp_is_no_difference():
    verdict = checked("causal", "causal_by_log_sum_exp", 300, dtype="float32")

    assert verdict.agrees, verdict
    assert verdict.examples >= 300


# Tokenizers


def test_a_difference_of_tokens_is_written_in_tokens():
    verdict = checked("byte_pair", "OverMerges", examples=40)
    first, expected, got, *_ = verdict.first_difference.splitlines()

    assert re.match(r"text '.*', token \d+: expected 25\d '<\|.*\|>', got 25", first)
    assert re.match(r"expected: .*25\d '<\|", expected)
    assert re.match(r"got: .*25", got)


def test_special_tokens_must_be_found():
    verdict = checked("byte_pair", "WithoutSpecial", examples=40)

    assert "special tokens inside a text must be found" in verdict.first_difference


def test_a_factory_is_called_by_keyword():
    verdict = checked("byte_pair", "by_position")

    rule = "factories are called as f(vocabulary=…, merges=…, special_tokens=…)"
    assert verdict.first_difference.endswith(rule)


def test_ids_that_are_no_integers_are_reported():
    verdict = checked("character", "Strings")

    assert verdict.first_difference == "it encodes to a row of str; expected integers"
