"""Causal attention: its properties, rejections, oracles and values."""

import numpy as np

from parity_tests.attention import (
    bridges,
    gradient_properties,
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

PATH = "attention/causal"

BOOK_SIZES = {"d_in": 3, "d_out": 2, "context_length": 6, "dropout": 0.0}

PAIR = Pair(
    path=PATH,
    cases=attention_cases(PATH),
    properties=(
        *properties.OF_ALL,
        Property(properties.an_empty_input_gives_an_empty_output, empty_cases(PATH)),
        *properties.CAUSAL,
        Property(properties.the_first_token_attends_to_itself_alone),
        Property(properties.attention_weights_of_later_tokens_are_zero),
        Property(bridges.the_last_token_of_a_prefix_needs_no_mask),
        *properties.DROPOUT,
        Property(properties.attention_weights_that_dropout_keeps_are_scaled_up),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejections.rejected(
        PATH, rejections.MASKED_SIZES, rejections.MASKED_INPUTS
    ),
    oracles=(oracles.CAUSAL,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestCausalAttention(DropoutTests, PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.5.3, after `torch.manual_seed(123)`."""
        expected = np.float32(
            [
                [-0.4519, 0.2216],
                [-0.5874, 0.0058],
                [-0.6300, -0.0632],
                [-0.5675, -0.0843],
                [-0.5526, -0.0981],
                [-0.5299, -0.1081],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(seeded(PAIR, 123, BATCH, **BOOK_SIZES)).round(4)

        assert compare(np.stack([expected, expected]), actual).holds
