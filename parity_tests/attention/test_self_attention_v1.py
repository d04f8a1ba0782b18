"""Self-attention, bare parameters: its properties, rejections, oracles and values."""

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
from parity_tests.attention.conventions import square
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.real_text import attention_on_text
from parity_tests.attention.typed import attention_typed
from parity_tests.contract.agreement import compare
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/self_attention_v1"

PAIR = Pair(
    path=PATH,
    cases=attention_cases(PATH),
    properties=(
        *properties.OF_ALL,
        Property(properties.an_empty_input_gives_an_empty_output, empty_cases(PATH)),
        *properties.PROJECTED,
        *properties.UNMASKED,
        Property(
            bridges.with_identity_projections_and_no_scale_it_is_simple_attention,
            attention_cases("attention/simple"),
        ),
        *gradient_properties.OF_ALL,
    ),
    rejections=rejections.rejected(PATH, rejections.BAD_SIZES, rejections.BAD_INPUTS),
    oracles=(oracles.V1,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH),
    conventions=(square(PATH), NOT_EMPTY),
    abilities=frozenset({"leading_axes"}),
)


class TestSelfAttentionV1(PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.4.2, after `torch.manual_seed(123)`."""
        expected = np.float32(
            [
                [0.2996, 0.8053],
                [0.3061, 0.8210],
                [0.3058, 0.8203],
                [0.2948, 0.7939],
                [0.2927, 0.7891],
                [0.2990, 0.8040],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(seeded(PAIR, 123, BOOK, d_in=3, d_out=2)).round(4)

        assert compare(expected, actual).holds
