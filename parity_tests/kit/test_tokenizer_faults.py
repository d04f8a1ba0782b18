"""Wrong tokenizers differ in a fixed case with any seed, and right ones in none."""

from functools import cache
from importlib import import_module

import pytest

from parity_tests.catalogue import load
from parity_tests.kit import worker
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults import faults_in
from parity_tests.text.sample_text import settled
from parity_tests.tokenizers.curated_bytes import CUT, SPECIAL
from parity_tests.tokenizers.curated_words import OTHERS, SPLIT
from parity_tests.tokenizers.factory import encode_and_decode
from parity_tests.tokenizers.requests import judge, request

FILES = ("tokenizers", "tokenizer_texts", "tokenizer_words", "right_tokenizers")
MODULES = [import_module(f"parity_tests.kit.faults.{name}") for name in FILES]
FAULTS = [fault for module in MODULES for fault in faults_in(module)]
SEED = 1


@cache
def questions(path):
    """List the fixed cases of a pair, each with its request."""
    pair = load(path)
    return [(each, request(pair, each.case)) for each in pair.probes(SEED)]


def first_difference(fault):
    """Return the rule of the first fixed case that differs, or what was raised there.

    It is asked in this process: no case is drawn, and none is made smaller.
    """
    pair, factory = load(fault.pair), worker.load(fault.target)
    for probe, asked in questions(fault.pair):
        try:
            answer = encode_and_decode(factory, asked)
        except (LookupError, ValueError) as error:
            return f"{probe.rule}: {error!r}"
        if not judge(pair, probe.case, answer["output"]).holds:
            return probe.rule
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fixed_cases_find_what_is_wrong_and_nothing_else(fault):
    found = first_difference(fault)

    assert (found is not None) is fault.is_wrong, found


def test_the_parallel_pair_has_the_same_fixed_cases():
    one, other = (
        [probe.rule for probe in load(path).probes(SEED)]
        for path in ("tokenizers/byte_pair", "tokenizers/parallel/byte_pair")
    )

    assert one == other


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tokenizers:GreedyLongest", "the pair of the lowest rank is merged first"),
        ("tokenizer_texts:DigitsInThrees", "digits are one pre-token"),
        ("tokenizer_texts:SpecialByList", "of special tokens that begin together"),
    ],
)
def test_a_check_names_the_rule_that_a_fixed_case_tries(name, rule):
    asked = Request(load("byte_pair"), f"parity_tests.kit.faults.{name}", examples=1)
    verdict = check(asked)

    assert verdict.first_difference.startswith("text '")
    assert f"\nwhere {rule}" in verdict.first_difference


def test_no_fixed_text_has_a_character_on_which_tokenizers_do_not_agree():
    texts = [text for _, texts in (*CUT, *SPLIT) for text in texts]
    texts += [text for _, tokens, texts in SPECIAL for text in (*tokens, *texts)]
    texts += [text for _, pairs in OTHERS for pair in pairs for text in pair]

    assert [text for text in texts if settled(text) != text] == []
