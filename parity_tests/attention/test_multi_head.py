"""Multi-head attention: its properties, rejections, oracles and values."""

from parity_tests.attention import (
    bridges,
    gradient_properties,
    head_properties,
    oracles,
    properties,
)
from parity_tests.attention.book_tests import BookTests
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, PACKED, square
from parity_tests.attention.dropout_tests import DropoutTests
from parity_tests.attention.onnx_oracle import onnx_attention
from parity_tests.attention.rejections import UNEVEN_HEADS, rejected
from parity_tests.attention.variant import attention_pair, attention_typed
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/multi_head"

PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
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
    rejections=rejected(PATH, UNEVEN_HEADS),
    oracles=(
        oracles.MULTI_HEAD,
        onnx_attention(attention_cases(PATH)),
    ),
    typed=attention_typed(PATH, d_out=4),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestMultiHeadAttention(BookTests, DropoutTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.6.2."""

    pair = PAIR
    printed = """
        0.3190 0.4858  0.2943 0.3897  0.2856 0.3593
        0.2693 0.3873  0.2639 0.3928  0.2575 0.4028
    """
