"""Two pairs as somebody would add them, each with what the others have not.

`positions/linear` takes queries and keys, has no parameters, gives two outputs, and is
called like another pair in another group. `gates/sigmoid` is a function of scores whose
twin is PyTorch's own.
"""

REFERENCE_LINEAR = '''
"""Sum and difference: how two vectors are added and compared.

Twin: torch_impl/positions/linear.py
"""

from jaxtyping import Float
import numpy as np

from reference.module import Module
from reference.tape import NO_TAPE, Tape


class SumAndDifference(Module):
    """Add and subtract queries and keys.

    >>> SumAndDifference()(np.array([[3.0]]), np.array([[1.0]]))
    (array([[4.]]), array([[2.]]))
    """

    def forward(
        self,
        queries: Float[np.ndarray, "*B T D"],
        keys: Float[np.ndarray, "*B T D"],
        tape: Tape = NO_TAPE,
    ) -> tuple[Float[np.ndarray, "*B T D"], Float[np.ndarray, "*B T D"]]:
        """Compute q + k, and q - k."""
        # 1. Sum: query plus key.
        total = queries + keys  # (*B, T, D)

        # 2. Difference: query minus key.
        difference = queries - keys  # (*B, T, D)
        tape.save(self, (total, difference))
        return total, difference

    def backward(self, grad_output, tape):
        """Return the gradients of queries and keys."""
        tape.restore(self, grad_output)
        grad_total, grad_difference = grad_output

        # 1-2. total = queries + keys, difference = queries - keys.
        grad_queries = grad_total + grad_difference  # (*B, T, D)
        grad_keys = grad_total - grad_difference  # (*B, T, D)
        return grad_queries, grad_keys
'''
TORCH_LINEAR = '''
"""Sum and difference: how two vectors are added and compared.

Twin: reference/positions/linear.py
"""

from jaxtyping import Float
from torch import Tensor, nn


class SumAndDifference(nn.Module):
    """Add and subtract queries and keys."""

    def forward(
        self, queries: Float[Tensor, "*B T D"], keys: Float[Tensor, "*B T D"]
    ) -> tuple[Float[Tensor, "*B T D"], Float[Tensor, "*B T D"]]:
        """Compute q + k, and q - k."""
        # 1. Sum: query plus key.
        total = queries + keys  # (*B, T, D)

        # 2. Difference: query minus key.
        difference = queries - keys  # (*B, T, D)
        return total, difference
'''
TEST_LINEAR = '''
"""Sum and difference: what is true of it."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import as_array, compare
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.contract.strategies import arrays, dtypes, seeds


@st.composite
def cases(draw):
    """Draw queries and keys of one shape."""
    seed, dtype = draw(seeds), draw(dtypes)
    queries = draw(arrays(draw(st.integers(1, 3)), 2, seed=seed)).astype(dtype)
    keys = np.random.default_rng(seed + 1).normal(size=queries.shape).astype(dtype)
    return Case({}, {"queries": queries, "keys": keys}, seed=seed)


def both(result):
    """Give the sum and the difference."""
    return [as_array(part) for part in result]


def without_keys_both_are_the_queries(run, case):
    """Zero is neutral."""
    queries = case.inputs["queries"]
    zero = case.with_inputs(keys=np.zeros_like(queries))
    return compare([queries, queries], run(zero))


def examples(seed):
    """Draw queries and keys."""
    rng = np.random.default_rng(seed)
    inputs = {name: rng.normal(size=(3, 2)) for name in ("queries", "keys")}
    case = Case({}, inputs, seed=seed)
    yield Example("small", case, "Two tokens.")
    yield Example("single", case.astype(np.float32), "Half as many bits.")


PAIR = Pair(
    path="positions/linear",
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(without_keys_both_are_the_queries, for_all=True),
        *GRADIENTS,
    ),
    rejections=(),
    oracles=(),
    on_text=lambda text, seed: [("three tokens", next(examples(seed)).case)],
    examples=examples,
    answer=both,
)


class TestSumAndDifference(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
'''
REFERENCE_SIGMOID = '''
"""Sigmoid: a score becomes a probability.

Twin: torch.sigmoid
"""

from jaxtyping import Float
import numpy as np


def sigmoid(scores: Float[np.ndarray, "*B S"]) -> Float[np.ndarray, "*B S"]:
    """Compute 1 / (1 + exp(-s)).

    >>> sigmoid(np.zeros(1))
    array([0.5])
    """
    # 1. Exponentials: of scores that are not positive, so that none overflows.
    exps = np.exp(-np.abs(scores))

    # 2. Probabilities: 1 / (1 + e), or e / (1 + e) for a negative score.
    probabilities = np.where(scores < 0, exps, 1) / (1 + exps)
    return probabilities


def sigmoid_backward(
    grad_probabilities: Float[np.ndarray, "*B S"],
    probabilities: Float[np.ndarray, "*B S"],
) -> Float[np.ndarray, "*B S"]:
    """Return the gradient of the scores: p (1 - p) dp."""
    return grad_probabilities * probabilities * (1 - probabilities)
'''
TEST_SIGMOID = '''
"""Sigmoid: what is true of it."""

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import compare
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.contract.strategies import dtypes, seeds


@st.composite
def cases(draw):
    """Draw scores."""
    seed, dtype = draw(seeds), draw(dtypes)
    scores = np.random.default_rng(seed).normal(size=(2, 3)).astype(dtype)
    return Case({}, {"scores": scores}, seed=seed)


def probabilities_of_opposite_scores_sum_to_one(run, case):
    """s and -s exclude each other."""
    scores = case.inputs["scores"]
    total = run(case) + run(case.with_inputs(scores=-scores))
    return compare(np.ones_like(scores), total, run.rounding(case))


def examples(seed):
    """Draw scores."""
    scores = np.random.default_rng(seed).normal(size=(2, 3))
    yield Example("small", Case({}, {"scores": scores}, seed=seed), "Six scores.")


PAIR = Pair(
    path="gates/sigmoid",
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(probabilities_of_opposite_scores_sum_to_one, for_all=True),
        *GRADIENTS,
    ),
    rejections=(),
    oracles=(),
    on_text=lambda text, seed: [("three tokens", next(examples(seed)).case)],
    examples=examples,
    torch=torch.sigmoid,
    torch_code="probabilities = torch.sigmoid(scores)",
)


class TestSigmoid(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
'''
FILES = {
    "reference/positions/linear.py": REFERENCE_LINEAR,
    "torch_impl/positions/linear.py": TORCH_LINEAR,
    "parity_tests/positions/test_linear.py": TEST_LINEAR,
    "reference/gates/sigmoid.py": REFERENCE_SIGMOID,
    "parity_tests/gates/test_sigmoid.py": TEST_SIGMOID,
}
PATHS = ("positions/linear", "gates/sigmoid")
EXPORTS = (
    "from reference.positions.linear import SumAndDifference as SumAndDifference",
    "from reference.gates.sigmoid import sigmoid as sigmoid",
)
