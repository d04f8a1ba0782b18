"""Causal attention: its properties, rejections, oracles and values."""

from parity_tests.attention import bridges, gradient_properties, oracles, properties
from parity_tests.attention.book_tests import BookTests
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, PACKED, square
from parity_tests.attention.dropout_tests import DropoutTests
from parity_tests.attention.onnx_oracle import onnx_attention
from parity_tests.attention.rejections import rejected
from parity_tests.attention.variant import attention_pair
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/causal"

PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
        *properties.CAUSAL,
        Property(properties.the_first_token_attends_to_itself_alone),
        Property(properties.attention_weights_of_later_tokens_are_zero),
        Property(bridges.the_last_token_of_a_prefix_needs_no_mask),
        *properties.DROPOUT,
        Property(properties.attention_weights_that_dropout_keeps_are_scaled_up),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejected(PATH),
    oracles=(
        oracles.CAUSAL,
        onnx_attention(attention_cases(PATH)),
    ),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestCausalAttention(BookTests, DropoutTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.5.3."""

    pair = PAIR
    printed = """
        -0.4519 0.2216  -0.5874 0.0058  -0.6300 -0.0632
        -0.5675 -0.0843  -0.5526 -0.0981  -0.5299 -0.1081
    """
