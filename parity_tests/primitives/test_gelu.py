"""GELU: its properties and oracles."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.contract.agreement import Agreement
from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives.activations import activation_pair, not_below

PATH = "primitives/gelu"
MINIMUM = -0.16997121  # at x = -0.7518


def it_is_never_below_its_minimum(run: Implementation, case: Case) -> Agreement:
    """That is -0.17, at -0.75: below zero little passes, and far below nothing."""
    return not_below(MINIMUM, run, case)


def by_normal_distribution(case: Case) -> torch.Tensor:
    """Multiply by PyTorch's distribution of standard normal draws."""
    x = torch.from_numpy(case.inputs["x"])
    return x * torch.special.ndtr(x)


def by_complement(case: Case) -> np.ndarray:
    """Write 1 + erf(z) as erfc(-z), number by number."""
    x = case.inputs["x"]
    each = [0.5 * v * math.erfc(-v / math.sqrt(2)) for v in x.ravel().tolist()]
    return np.array(each, x.dtype).reshape(x.shape)


def gelu_of_pytorch(x: torch.Tensor) -> torch.Tensor:
    """Call PyTorch's GELU."""
    return F.gelu(x)


PAIR = activation_pair(
    PATH,
    Property(it_is_never_below_its_minimum, for_all=True),
    oracles=(
        Oracle("x times torch.special.ndtr", by_normal_distribution),
        Oracle("½ x erfc(-x / √2)", by_complement),
    ),
    torch=gelu_of_pytorch,
    torch_code="output = F.gelu(x)",
)


class TestGelu(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
