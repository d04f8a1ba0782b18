"""GELU by tanh: its properties and oracles."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from transformers.activations import NewGELUActivation

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives.activations import activation_pair, not_below
from reference.primitives.gelu import gelu
from reference.primitives.gelu_tanh import gelu_tanh_backward

PATH = "primitives/gelu_tanh"
FURTHEST = 0.00047324  # from GELU itself, where x is about ±2.7
MINIMUM = -0.17004076  # at x = -0.7525


def it_is_never_below_its_minimum(run: Implementation, case: Case) -> Agreement:
    """That is -0.17, at -0.75: below zero little passes, and far below nothing."""
    return not_below(MINIMUM, run, case)


def it_is_near_to_gelu_itself(run: Implementation, case: Case) -> Agreement:
    """The polynomial was fitted so: nowhere are they further apart than 0.0005."""
    exact, output = gelu(case.inputs["x"]), run(case)
    near = output.clip(exact - FURTHEST, exact + FURTHEST).astype(output.dtype)
    return compare(near, output, run.rounding(case))


def of_transformers(case: Case) -> torch.Tensor:
    """Run what transformers has for GPT-2."""
    return NewGELUActivation()(torch.from_numpy(case.inputs["x"]))


def by_sigmoid(case: Case) -> np.ndarray:
    """Write ½ (1 + tanh u) as σ(2u)."""
    x = torch.from_numpy(case.inputs["x"])
    inner = 2 * math.sqrt(2 / math.pi) * x * (1 + 0.044715 * x.square())
    return (x * inner.sigmoid()).numpy()


def gelu_tanh_of_pytorch(x: torch.Tensor) -> torch.Tensor:
    """Call PyTorch's GELU, and ask for the approximation."""
    return F.gelu(x, approximate="tanh")


PAIR = activation_pair(
    PATH,
    Property(it_is_never_below_its_minimum, for_all=True),
    Property(it_is_near_to_gelu_itself, for_all=True),
    oracles=(
        Oracle("transformers’ NewGELUActivation", of_transformers),
        Oracle("x σ(2u)", by_sigmoid),
    ),
    torch=gelu_tanh_of_pytorch,
    torch_code='output = F.gelu(x, approximate="tanh")',
)


class TestGeluTanh(PairTests):
    """All that is asked of every pair, and what PyTorch does otherwise."""

    pair = PAIR

    def test_a_gradient_is_one_or_zero_where_pytorchs_is_nan(self):
        x = np.array([-1e30, 1e30], np.float32)
        theirs = torch.tensor(x, requires_grad=True)
        gelu_tanh_of_pytorch(theirs).sum().backward()

        assert theirs.grad.isnan().all()
        assert gelu_tanh_backward(np.ones_like(x), x).tolist() == [0, 1]
