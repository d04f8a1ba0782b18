"""Simple self-attention: its properties, rejections, oracles and values."""

import numpy as np

from parity_tests.attention import gradient_properties, oracles, properties
from parity_tests.attention.book_tests import BOOK, BookTests
from parity_tests.attention.changes import with_x
from parity_tests.attention.rejections import rejected
from parity_tests.attention.variant import attention_pair
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/simple"


def attention_scores_are_symmetric(run: OneBackend, case: Case) -> Agreement:
    """Without projections, queries and keys are the same."""
    scores = run.quantity("attn_scores", case)
    return compare(scores.swapaxes(-2, -1), scores, run.rounding(case, "attn_scores"))


def a_context_vector_lies_between_the_tokens(run: OneBackend, case: Case) -> Agreement:
    """Without projections, the values are the tokens."""
    return properties.lies_between(case.inputs["x"], run(case), run.rounding(case))


def a_single_token_is_its_own_context_vector(run: OneBackend, case: Case) -> Agreement:
    """The only token has the attention weight one."""
    alone = case.inputs["x"][..., :1, :]
    return compare(alone, run(with_x(case, alone)))


def permuting_the_channels_permutes_those_of_the_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """Without projections, channels do not mix."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-1])
    expected = run(case)[..., order]
    return compare(expected, run(with_x(case, x[..., order])), run.rounding(case))


def negating_the_tokens_negates_the_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """Two signs cancel in every score and none in the values."""
    return compare(-run(case), run(with_x(case, -case.inputs["x"])))


PAIR = attention_pair(
    PATH,
    properties=(
        *properties.of_all(PATH),
        *properties.ATTENTION_WEIGHTS,
        *properties.UNMASKED,
        Property(attention_scores_are_symmetric),
        Property(a_context_vector_lies_between_the_tokens),
        Property(a_single_token_is_its_own_context_vector),
        Property(permuting_the_channels_permutes_those_of_the_context_vectors),
        Property(negating_the_tokens_negates_the_context_vectors),
        *gradient_properties.OF_ALL,
    ),
    rejections=rejected(PATH),
    oracles=(oracles.SIMPLE,),
    conventions=(NOT_EMPTY,),
)


class TestSimpleSelfAttention(BookTests, PairTests):
    """All that is asked of every pair, and what the book prints in section 3.3.2."""

    pair = PAIR
    printed = """
        0.4421 0.5931 0.5790  0.4419 0.6515 0.5683  0.4431 0.6496 0.5671
        0.4304 0.6298 0.5510  0.4671 0.5910 0.5266  0.4177 0.6503 0.5645
    """

    def test_the_book_s_second_token_has_the_book_s_attention_weights(self, backend):
        """Published in section 3.3.1."""
        expected = np.float32([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
        run = OneBackend(PAIR, backend)
        actual = run.quantity("attn_weights", Case({}, {"x": BOOK}))[1].round(4)

        assert compare(expected, actual).holds
