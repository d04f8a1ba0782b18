"""SiLU: its properties and oracles."""

import torch
import torch.nn.functional as F

from parity_tests.contract.agreement import Agreement
from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives.activations import activation_pair, not_below

PATH = "primitives/silu"
MINIMUM = -0.27846455  # at x = -1.2785


def it_is_never_below_its_minimum(run: Implementation, case: Case) -> Agreement:
    """That is -0.28, at -1.28: below zero little passes, and far below nothing."""
    return not_below(MINIMUM, run, case)


def by_tanh(case: Case) -> torch.Tensor:
    """Write σ(x) as ½ (1 + tanh(x / 2))."""
    x = torch.from_numpy(case.inputs["x"])
    return x / 2 + x / 2 * torch.tanh(x / 2)


def by_log_sigmoid(case: Case) -> torch.Tensor:
    """Take the sigmoid from its logarithm."""
    x = torch.from_numpy(case.inputs["x"])
    return x * F.logsigmoid(x).exp()


def silu_of_pytorch(x: torch.Tensor) -> torch.Tensor:
    """Call PyTorch's SiLU."""
    return F.silu(x)


PAIR = activation_pair(
    PATH,
    Property(it_is_never_below_its_minimum, for_all=True),
    oracles=(
        Oracle("½ x (1 + tanh(x / 2))", by_tanh),
        Oracle("x exp(log σ(x))", by_log_sigmoid),
    ),
    torch=silu_of_pytorch,
    torch_code="output = F.silu(x)",
)


class TestSilu(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
