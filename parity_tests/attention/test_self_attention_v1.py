"""Self-attention, bare parameters: its properties, rejections, oracles and values."""

from parity_tests.attention import bridges, gradient_properties, oracles, properties
from parity_tests.attention.book_tests import BookTests
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.rejections import rejected
from parity_tests.attention.variant import attention_pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/self_attention_v1"

PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
        *properties.PROJECTED,
        *properties.UNMASKED,
        Property(
            bridges.with_identity_projections_and_no_scale_it_is_simple_attention,
            attention_cases("attention/simple"),
        ),
        *gradient_properties.OF_ALL,
    ),
    rejections=rejected(PATH),
    oracles=(oracles.V1,),
)


class TestSelfAttentionV1(BookTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.4.2."""

    pair = PAIR
    printed = """
        0.2996 0.8053  0.3061 0.8210  0.3058 0.8203
        0.2948 0.7939  0.2927 0.7891  0.2990 0.8040
    """
