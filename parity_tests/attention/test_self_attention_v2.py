"""Self-attention with linear layers: its properties, rejections, oracles and values."""

import numpy as np

from parity_tests.attention import (
    bridges,
    gradient_properties,
    oracles,
    properties,
    rejections,
)
from parity_tests.attention.book import BOOK, seeded
from parity_tests.attention.cases import attention_cases, empty_cases
from parity_tests.attention.conventions import IN_OUT, PACKED, square
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.real_text import attention_on_text
from parity_tests.attention.typed import attention_typed
from parity_tests.contract.agreement import compare
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/self_attention_v2"

PAIR = Pair(
    path=PATH,
    cases=attention_cases(PATH),
    properties=(
        *properties.OF_ALL,
        Property(properties.an_empty_input_gives_an_empty_output, empty_cases(PATH)),
        *properties.LINEAR,
        *properties.UNMASKED,
        Property(
            bridges.it_is_version_one_with_transposed_parameters,
            attention_cases("attention/self_attention_v1"),
        ),
        *gradient_properties.OF_ALL,
        gradient_properties.OF_KEY_BIAS,
    ),
    rejections=rejections.rejected(PATH, rejections.BAD_SIZES, rejections.BAD_INPUTS),
    oracles=(oracles.V2,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT),
    abilities=frozenset({"leading_axes"}),
)


class TestSelfAttentionV2(PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_the_projections_have_no_bias_unless_asked_for(self, backend):
        expected = [
            "W_query.weight",
            "W_key.weight",
            "W_value.weight",
        ]
        actual = [*PAIR.part(backend)(3, 2).state_dict()]

        assert actual == expected

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.4.2, after `torch.manual_seed(789)`."""
        expected = np.float32(
            [
                [-0.0739, 0.0713],
                [-0.0748, 0.0703],
                [-0.0749, 0.0702],
                [-0.0760, 0.0685],
                [-0.0763, 0.0679],
                [-0.0754, 0.0693],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(seeded(PAIR, 789, BOOK, d_in=3, d_out=2)).round(4)

        assert compare(expected, actual).holds
