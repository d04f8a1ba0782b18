"""Byte-pair tokenizer: its properties, rejections, oracles and values."""

from importlib import import_module
from itertools import product

import pytest

from parity_tests.contract.backend import TORCH
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.lockstep.recording import record
from parity_tests.tokenizers import byte_pair_properties, cases, rejections
from parity_tests.tokenizers.byte_pair_tests import BytePairTests
from parity_tests.tokenizers.examples import byte_pair_examples
from parity_tests.tokenizers.oracles import (
    TIKTOKEN,
    matches_of_tiktoken,
    pre_tokens_by_regex,
)
from parity_tests.tokenizers.probes import byte_pair_probes
from parity_tests.tokenizers.requests import TOKENIZERS, unicode_16
from parity_tests.tokenizers.rustbpe_oracle import RUSTBPE
from parity_tests.tokenizers.typed import BYTE_PAIR

PATH = "tokenizers/byte_pair"

PAIR = Pair(
    path=PATH,
    cases=cases.byte_pair_cases(),
    properties=byte_pair_properties.TEXTBOOK,
    rejections=rejections.OF_BYTE_PAIRS,
    oracles=(*TIKTOKEN, RUSTBPE),
    on_text=cases.byte_pairs_on_text,
    examples=byte_pair_examples(),
    probes=byte_pair_probes,
    typed=BYTE_PAIR,
    conventions=(unicode_16(cases.byte_pair_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)

EVERY_CHARACTER = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))


class TestBytePairTokenizer(BytePairTests, PairTests):
    """All that is asked of byte pairs; then of their pre-tokens."""

    pair = PAIR

    @pytest.mark.parametrize(
        ("name", "pattern", "n_characters"),
        [("L", r"\p{L}+", 141_028), ("N", r"\p{N}+", 1_911), ("S", r"\s+", 25)],
    )
    def test_a_class_is_what_the_engine_of_tiktoken_matches(
        self, backend, name, pattern, n_characters
    ):
        pretokenize = pretokenizer(backend)
        members = f"[{getattr(pretokenize, name)}]"
        found = pretokenize.re.findall(members, EVERY_CHARACTER)

        assert "".join(found) == matches_of_tiktoken(pattern, EVERY_CHARACTER)
        assert len(found) == n_characters  # of Unicode 16

    @pytest.mark.parametrize("alphabet", ["a's1 \n.\u3000", "'slveS "])
    def test_every_short_text_is_cut_by_the_pattern_of_gpt2(self, backend, alphabet):
        pretokenize = pretokenizer(backend).pretokenize
        texts = ["".join(each) for each in product(alphabet, repeat=4)]

        assert [*map(pretokenize, texts)] == [*map(pre_tokens_by_regex, texts)]

    def test_a_pre_token_that_is_finished_leaves_the_rounds(self):
        """So one long word costs its own length squared, and the others nothing."""
        chain = [(97, 98), *((256 + n, 98) for n in range(99))]
        tokenizer = PAIR.part(TORCH)(chain)
        text = "".join(f" {n}" for n in range(2_000)) + "a" + "b" * 99
        run = record("torch_impl", lambda: tokenizer.encode(text))
        values = [each.values for call in run.invocations for each in call.snapshots]
        sizes = [len(each["codes"]) for each in values if "codes" in each]

        assert len(sizes) > 90
        assert sum(sizes) < 5 * 2_000 + 100 * 100


def pretokenizer(backend):
    """Import the pattern of a backend."""
    return import_module(f"{backend.package}.tokenizers.pretokenize")
