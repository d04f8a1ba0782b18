"""Causal heads side by side: its properties, rejections, oracles and values."""

from parity_tests.attention import (
    bridges,
    gradient_properties,
    head_properties,
    oracles,
    properties,
)
from parity_tests.attention.book_tests import BookTests
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.conventions import IN_OUT, MASK_DROPS, square
from parity_tests.attention.dropout_tests import DropoutTests
from parity_tests.attention.rejections import rejected
from parity_tests.attention.variant import attention_pair
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/multi_head_wrapper"

PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
        *properties.CAUSAL,
        *properties.DROPOUT,
        Property(head_properties.a_head_does_not_depend_on_the_parameters_of_others),
        Property(head_properties.permuting_the_heads_permutes_their_channels),
        Property(
            bridges.one_head_is_causal_attention, attention_cases("attention/causal")
        ),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejected(PATH),
    oracles=(oracles.WRAPPER,),
    conventions=(square(PATH), NOT_EMPTY, IN_OUT, MASK_DROPS),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)


class TestMultiHeadAttentionWrapper(BookTests, DropoutTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.6.1."""

    pair = PAIR
    printed = """
        -0.4519  0.2216 0.4772 0.1063  -0.5874  0.0058 0.5891 0.3257
        -0.6300 -0.0632 0.6202 0.3860  -0.5675 -0.0843 0.5478 0.3589
        -0.5526 -0.0981 0.5321 0.3428  -0.5299 -0.1081 0.5077 0.3493
    """
