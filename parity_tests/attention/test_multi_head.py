"""Multi-head attention: its properties, rejections, oracles and values."""

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
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, PACKED, square
from parity_tests.attention.dropout_tests import DropoutTests
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.real_text import attention_on_text
from parity_tests.attention.typed import attention_typed
from parity_tests.contract.agreement import compare
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/multi_head"

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
        Property(properties.dropping_everything_leaves_the_bias_of_the_output),
        Property(properties.attention_weights_that_dropout_keeps_are_scaled_up),
        Property(
            head_properties.the_first_head_does_not_depend_on_the_projections_of_others
        ),
        Property(head_properties.the_order_of_the_heads_does_not_matter_to_the_output),
        Property(
            bridges.one_head_is_causal_attention_and_a_projection,
            attention_cases("attention/causal"),
        ),
        Property(
            bridges.stacked_heads_are_the_wrapper,
            attention_cases("attention/multi_head_wrapper"),
        ),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejections.rejected(
        PATH,
        [*rejections.HEADED_SIZES, *rejections.UNEVEN_HEADS],
        rejections.MASKED_INPUTS,
    ),
    oracles=(oracles.MULTI_HEAD,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH, d_out=4),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestMultiHeadAttention(DropoutTests, PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_only_the_output_has_a_bias_unless_asked_for(self, backend):
        expected = [
            "W_query.weight",
            "W_key.weight",
            "W_value.weight",
            "out_proj.weight",
            "out_proj.bias",
        ]
        actual = [*PAIR.part(backend)(3, 2, 4, 0.0, 2).state_dict()]

        assert actual == expected

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.6.2, after `torch.manual_seed(123)`."""
        expected = np.float32(
            [
                [0.3190, 0.4858],
                [0.2943, 0.3897],
                [0.2856, 0.3593],
                [0.2693, 0.3873],
                [0.2639, 0.3928],
                [0.2575, 0.4028],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(seeded(PAIR, 123, BATCH, **BOOK_SIZES)).round(4)

        assert compare(np.stack([expected, expected]), actual).holds
