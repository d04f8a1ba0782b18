"""Split heads: its properties and oracles."""

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.primitives import cases, properties
from reference.primitives.join_heads import join_heads

PATH = "primitives/split_heads"
N_HEADS = 3


def make(config: cases.Config, x: cases.Array, seed: int) -> Case:
    """Make a case of tokens."""
    return Case(config, {"x": x}, seed=seed)


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
        make,
        st.fixed_dictionaries({"head_dim": st.integers(1, 4)}),
        lambda config: N_HEADS * config["head_dim"],
    ),
    properties=(*properties.OF_ALL, Property(joining_undoes_splitting), *GRADIENTS),
    rejections=(),
    oracles=(Oracle("slices of the channels", heads_are_slices_of_the_channels),),
    on_text=cases.on_text(make, {"head_dim": 12}),
    examples=cases.examples(make, {"head_dim": 2}, (3, 4)),
    abilities=frozenset({"leading_axes"}),
    torch=split_heads_of_pytorch,
    torch_code="heads = x.unflatten(-1, (-1, head_dim)).transpose(-3, -2)",
)


class TestSplitHeads(PairTests):
    """All that is asked of every pair, and a case to follow by hand."""

    pair = PAIR

    def test_head_one_has_the_second_half_of_the_channels(self):
        heads = PAIR.part(REFERENCE)(np.array([[1.0, 2.0, 3.0, 4.0]]), head_dim=2)

        assert compare(np.array([[3.0, 4.0]]), heads[1]).holds
