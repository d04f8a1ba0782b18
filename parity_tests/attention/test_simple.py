"""Simple self-attention: its properties, rejections, oracles and values."""

import numpy as np

from parity_tests.attention import gradient_properties, oracles, properties, rejections
from parity_tests.attention.book import BOOK
from parity_tests.attention.cases import attention_cases, empty_cases
from parity_tests.attention.changes import with_x
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.real_text import attention_on_text
from parity_tests.attention.typed import attention_typed
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
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


PAIR = Pair(
    path=PATH,
    cases=attention_cases(PATH),
    properties=(
        *properties.OF_ALL,
        Property(properties.an_empty_input_gives_an_empty_output, empty_cases(PATH)),
        *properties.ATTENTION_WEIGHTS,
        *properties.UNMASKED,
        Property(attention_scores_are_symmetric),
        Property(a_context_vector_lies_between_the_tokens),
        Property(a_single_token_is_its_own_context_vector),
        Property(permuting_the_channels_permutes_those_of_the_context_vectors),
        Property(negating_the_tokens_negates_the_context_vectors),
        *gradient_properties.OF_ALL,
    ),
    rejections=rejections.rejected(PATH, inputs=rejections.NO_SEQUENCES),
    oracles=(oracles.SIMPLE,),
    on_text=attention_on_text(PATH),
    examples=attention_examples(PATH),
    typed=attention_typed(PATH),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestSimpleSelfAttention(PairTests):
    """All that is asked of every pair, and the book's values."""

    pair = PAIR

    def test_the_book_s_second_token_has_the_book_s_attention_weights(self, backend):
        """Published in section 3.3.1."""
        expected = np.float32([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
        run = OneBackend(PAIR, backend)
        actual = run.quantity("attn_weights", Case({}, {"x": BOOK}))[1].round(4)

        assert compare(expected, actual).holds

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        """Published in section 3.3.2."""
        expected = np.float32(
            [
                [0.4421, 0.5931, 0.5790],
                [0.4419, 0.6515, 0.5683],
                [0.4431, 0.6496, 0.5671],
                [0.4304, 0.6298, 0.5510],
                [0.4671, 0.5910, 0.5266],
                [0.4177, 0.6503, 0.5645],
            ]
        )
        run = OneBackend(PAIR, backend)
        actual = run(Case({}, {"x": BOOK})).round(4)

        assert compare(expected, actual).holds
