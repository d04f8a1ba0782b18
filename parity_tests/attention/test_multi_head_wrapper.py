"""Causal heads side by side: its properties, rejections, oracles and values."""

import numpy as np

from parity_tests.attention import (
    bridges,
    gradient_properties,
    head_properties,
    oracles,
    properties,
    rejections,
)
from parity_tests.attention.book import BATCH, seeded
from parity_tests.attention.cases import attention_cases, empty_cases
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, square
from parity_tests.attention.dropout_tests import DropoutTests
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.real_text import attention_on_text
from parity_tests.attention.typed import attention_typed
from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/multi_head_wrapper"

BOOK_SIZES = {
    "d_in": 3,
    "d_out": 2,
    "context_length": 6,
    "dropout": 0.0,
    "num_heads": 2,
}

PAIR = Pair(
    path=PATH,
    cases=attention_cases(PATH),
    properties=(
        *properties.OF_ALL,
        Property(properties.an_empty_input_gives_an_empty_output, empty_cases(PATH)),
        *properties.CAUSAL,
        *properties.DROPOUT,
        Property(head_properties.a_head_does_not_depend_on_the_parameters_of_others),
        Property(head_properties.permuting_the_heads_permutes_their_channels),
        Property(
            bridges.one_head_is_causal_attention,
            attention_cases("attention/causal"),
        ),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejections.rejected(
        PATH, rejections.HEADED_SIZES, rejections.MASKED_INPUTS
    ),
    oracles=(oracles.WRAPPER,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH),
    conventions=(square(PATH), NOT_EMPTY, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestMultiHeadAttentionWrapper(DropoutTests, PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_the_state_names_each_head_by_its_index(self, backend):
        expected = [
            "heads.0.W_query.weight",
            "heads.0.W_key.weight",
            "heads.0.W_value.weight",
            "heads.1.W_query.weight",
            "heads.1.W_key.weight",
            "heads.1.W_value.weight",
        ]
        actual = [*PAIR.part(backend)(3, 2, 4, 0.0, 2).state_dict()]

        assert actual == expected

    def test_one_generator_draws_the_parameters_of_all_heads(self):
        one, same = (
            PAIR.part(REFERENCE)(**BOOK_SIZES, rng=np.random.default_rng(3))
            for _ in range(2)
        )
        keys = [one.state_dict()[f"heads.{head}.W_key.weight"] for head in range(2)]

        for name, array in one.state_dict().items():
            assert compare(array, same.state_dict()[name]).holds
        assert not compare(keys[0], keys[1]).holds

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.6.1, after `torch.manual_seed(123)`."""
        expected = np.float32(
            [
                [-0.4519, 0.2216, 0.4772, 0.1063],
                [-0.5874, 0.0058, 0.5891, 0.3257],
                [-0.6300, -0.0632, 0.6202, 0.3860],
                [-0.5675, -0.0843, 0.5478, 0.3589],
                [-0.5526, -0.0981, 0.5321, 0.3428],
                [-0.5299, -0.1081, 0.5077, 0.3493],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(seeded(PAIR, 123, BATCH, **BOOK_SIZES)).round(4)

        assert compare(np.stack([expected, expected]), actual).holds
