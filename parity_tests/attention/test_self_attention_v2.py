"""Self-attention with linear layers: its properties, rejections, oracles and values."""

from parity_tests.attention import bridges, gradient_properties, oracles, properties
from parity_tests.attention.book_tests import BookTests
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.conventions import IN_OUT, PACKED, square
from parity_tests.attention.rejections import rejected
from parity_tests.attention.variant import attention_pair
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/self_attention_v2"

PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
        *properties.LINEAR,
        *properties.UNMASKED,
        Property(
            bridges.it_is_version_one_with_transposed_parameters,
            attention_cases("attention/self_attention_v1"),
        ),
        *gradient_properties.OF_ALL,
        gradient_properties.OF_KEY_BIAS,
    ),
    rejections=rejected(PATH),
    oracles=(oracles.V2,),
    conventions=(square(PATH), NOT_EMPTY, PACKED, IN_OUT),
)


class TestSelfAttentionV2(BookTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.4.2."""

    pair = PAIR
    seed = 789
    printed = """
        -0.0739 0.0713  -0.0748 0.0703  -0.0749 0.0702
        -0.0760 0.0685  -0.0763 0.0679  -0.0754 0.0693
    """
