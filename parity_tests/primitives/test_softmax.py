"""Softmax: its properties and oracles."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.strategies import arrays, dtypes, seeds
from parity_tests.primitives import cases, properties
from parity_tests.primitives.probes import array_probes

PATH = "primitives/softmax"
MAKE = cases.of_function("scores")


@st.composite
def softmax_cases(draw: st.DrawFn) -> Case:
    """Draw scores; some are masked, but never a whole row, where PyTorch gives NaN."""
    seed, dtype = draw(seeds), draw(dtypes)
    scores = draw(arrays(draw(st.integers(1, 4)), draw(st.integers(1, 6)), seed=seed))
    share = draw(st.sampled_from([0.0, 0.5]))
    masked = np.random.default_rng(seed).random(scores.shape) < share
    masked[..., 0] = False
    return Case({}, {"scores": np.where(masked, -np.inf, scores).astype(dtype)})


def weights_sum_to_one(run: OneBackend, case: Case) -> Agreement:
    """In every row."""
    weights = run(case)
    ones = np.ones(weights.shape[:-1], weights.dtype)
    return compare(ones, weights.sum(axis=-1), run.rounding(case))


def no_weight_is_negative(run: OneBackend, case: Case) -> Agreement:
    """An exponential is positive."""
    weights = run(case)
    return compare(np.abs(weights), weights)


def masked_scores_have_weight_zero(run: OneBackend, case: Case) -> Agreement:
    """exp(-inf) is zero."""
    weights, masked = run(case), np.isneginf(case.inputs["scores"])
    return compare(np.zeros_like(weights[masked]), weights[masked])


def adding_a_number_to_a_row_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """Only differences of scores count."""
    scores = case.inputs["scores"]
    shifted = case.with_inputs(scores=scores + scores.dtype.type(2))
    return compare(run(case), run(shifted), run.rounding(shifted))


def permuting_the_scores_permutes_the_weights(run: OneBackend, case: Case) -> Agreement:
    """A row has no order."""
    scores = case.inputs["scores"]
    order = np.random.default_rng(case.seed).permutation(scores.shape[-1])
    actual = run(case.with_inputs(scores=scores[..., order]))
    return compare(run(case)[..., order], actual, run.rounding(case))


def by_log_sum_exp(case: Case) -> torch.Tensor:
    """Subtract the logarithm of the sum of exponentials, as FlashAttention does."""
    scores = torch.from_numpy(case.inputs["scores"])
    return (scores - scores.logsumexp(dim=-1, keepdim=True)).exp()


def softmax_of_pytorch(scores: torch.Tensor) -> torch.Tensor:
    """Call PyTorch's softmax over the last axis."""
    return F.softmax(scores, dim=-1)


PAIR = Pair(
    path=PATH,
    cases=softmax_cases(),
    properties=(
        *properties.OF_ALL,
        Property(weights_sum_to_one),
        Property(no_weight_is_negative, for_all=True),
        Property(masked_scores_have_weight_zero, for_all=True),
        Property(adding_a_number_to_a_row_changes_nothing),
        Property(permuting_the_scores_permutes_the_weights),
    ),
    rejections=(),
    oracles=(Oracle("exp(s - logsumexp(s))", by_log_sum_exp),),
    on_text=cases.on_text(MAKE, {}),
    examples=cases.examples(MAKE, {}, (4, 3)),
    probes=array_probes(MAKE),
    abilities=frozenset({"leading_axes"}),
    torch=softmax_of_pytorch,
    torch_code="weights = F.softmax(scores, dim=-1)",
)


class TestSoftmax(PairTests):
    """All that is asked of every pair, and what PyTorch does otherwise."""

    pair = PAIR

    def test_a_row_that_is_masked_throughout_has_weights_of_zero(self):
        scores = np.array([[-np.inf, -np.inf], [0.0, 0.0]])
        expected = np.array([[0.0, 0.0], [0.5, 0.5]])

        assert compare(expected, PAIR.part(REFERENCE)(scores)).holds

    def test_no_score_at_all_gives_no_weight(self):
        assert PAIR.part(REFERENCE)(np.zeros((2, 0))).shape == (2, 0)
