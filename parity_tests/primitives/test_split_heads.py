"""Split heads: its properties and oracles."""

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.primitives import cases, properties
from parity_tests.primitives.probes import array_probes
from reference.primitives.join_heads import join_heads

PATH = "primitives/split_heads"
MAKE = cases.of_function("x")


def joining_undoes_splitting(run: OneBackend, case: Case) -> Agreement:
    """No number is changed or lost."""
    return compare(case.inputs["x"], join_heads(run(case)))


def heads_are_slices_of_the_channels(case: Case) -> np.ndarray:
    """Slice the channels of every head, and stack the slices."""
    x, head_dim = case.inputs["x"], case.config["head_dim"]
    starts = range(0, x.shape[-1], head_dim)
    return np.stack([x[..., start : start + head_dim] for start in starts], axis=-3)


def split_heads_of_pytorch(x: torch.Tensor, head_dim: int) -> torch.Tensor:
    """Unflatten the channels, and transpose."""
    return x.unflatten(-1, (-1, head_dim)).transpose(-3, -2)


PAIR = Pair(
    path=PATH,
    cases=cases.array_cases(
        *(MAKE, st.fixed_dictionaries({"head_dim": st.integers(1, 4)})),
        lambda config: 3 * config["head_dim"],
    ),
    properties=(*properties.OF_ALL, Property(joining_undoes_splitting)),
    rejections=(),
    oracles=(Oracle("slices of the channels", heads_are_slices_of_the_channels),),
    on_text=cases.on_text(MAKE, {"head_dim": 12}),
    examples=cases.examples(MAKE, {"head_dim": 2}, (3, 4)),
    probes=array_probes(MAKE, lambda n: {"head_dim": n // 3}),
    abilities=frozenset({"leading_axes"}),
    torch=split_heads_of_pytorch,
    torch_code="heads = x.unflatten(-1, (-1, head_dim)).transpose(-3, -2)",
)


class TestSplitHeads(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
