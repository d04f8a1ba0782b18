"""A pair as somebody would add it: with what no other pair has, in files of its own.

It takes queries and keys, has no parameters, gives two outputs, and is called like
another pair in another group.
"""

STEPS = '''        """Compute q + k, and q - k."""
        # 1. Sum: query plus key.
        total = queries + keys  # (*B, T, D)

        # 2. Difference: query minus key.
        difference = queries - keys  # (*B, T, D)'''
REFERENCE = f'''
"""Sum and difference: how two vectors are added and compared.

Twin: torch_impl/sums/linear.py
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
{STEPS}
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
TORCH = f'''
"""Sum and difference: how two vectors are added and compared.

Twin: reference/sums/linear.py
"""

from jaxtyping import Float
from torch import Tensor, nn


class SumAndDifference(nn.Module):
    """Add and subtract queries and keys."""

    def forward(
        self, queries: Float[Tensor, "*B T D"], keys: Float[Tensor, "*B T D"]
    ) -> tuple[Float[Tensor, "*B T D"], Float[Tensor, "*B T D"]]:
{STEPS}
        return total, difference
'''
TESTS = '''
"""Sum and difference: what is true of it."""

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import as_array
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE
from parity_tests.contract.strategies import arrays, dtypes, seeds


@st.composite
def cases(draw):
    """Draw queries and keys of one shape."""
    seed, dtype = draw(seeds), draw(dtypes)
    queries = draw(arrays(draw(st.integers(1, 3)), 2, seed=seed)).astype(dtype)
    keys = np.random.default_rng(seed + 1).normal(size=queries.shape).astype(dtype)
    return Case({}, {"queries": queries, "keys": keys}, seed=seed)


def examples(seed):
    """Draw queries and keys."""
    inputs = np.random.default_rng(seed).normal(size=(2, 3, 2))
    case = Case({}, dict(zip(("queries", "keys"), inputs)), seed=seed)
    yield Example("small", case, "Two tokens.")
    yield Example("single", case.astype(np.float32), "Half as many bits.")


PAIR = Pair(
    path="sums/linear",
    cases=cases(),
    properties=(REPEATABLE, *GRADIENTS),
    rejections=(),
    oracles=(),
    on_text=lambda text, seed: [("three tokens", next(examples(seed)).case)],
    examples=examples,
    answer=lambda result: [as_array(part) for part in result],
)


class TestSumAndDifference(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
'''
PATH = "sums/linear"
EXPORT = "from reference.sums.linear import SumAndDifference as SumAndDifference\n"
FILES = {
    "reference/sums/linear.py": REFERENCE,
    "torch_impl/sums/linear.py": TORCH,
    "parity_tests/sums/test_linear.py": TESTS,
}
