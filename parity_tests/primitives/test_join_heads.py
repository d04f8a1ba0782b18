"""Join heads: its properties and oracles."""

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
from reference.primitives.split_heads import split_heads

PATH = "primitives/join_heads"


def make(config: cases.Config, x: cases.Array, seed: int) -> Case:
    """Make a case of heads: the channels in three parts, and in front of the tokens."""
    return Case({}, {"heads": split_heads(x, x.shape[-1] // 3)}, seed=seed)


def splitting_undoes_joining(run: OneBackend, case: Case) -> Agreement:
    """No number is changed or lost."""
    heads = case.inputs["heads"]
    return compare(heads, split_heads(run(case), heads.shape[-1]))


def heads_side_by_side(case: Case) -> np.ndarray:
    """Concatenate the heads along the channels."""
    heads = np.moveaxis(case.inputs["heads"], -3, 0)
    return np.concatenate([*heads], axis=-1)


def join_heads_of_pytorch(heads: torch.Tensor) -> torch.Tensor:
    """Transpose, and flatten the channels."""
    return heads.transpose(-3, -2).flatten(-2)


PAIR = Pair(
    path=PATH,
    cases=cases.array_cases(
        *(make, st.fixed_dictionaries({"head_dim": st.integers(1, 4)})),
        lambda config: 3 * config["head_dim"],
    ),
    properties=(*properties.OF_ALL, Property(splitting_undoes_joining)),
    rejections=(),
    oracles=(Oracle("a concatenation of the heads", heads_side_by_side),),
    on_text=cases.on_text(make, {}),
    examples=cases.examples(make, {}, (4, 6)),
    probes=array_probes(make),
    abilities=frozenset({"leading_axes"}),
    torch=join_heads_of_pytorch,
    torch_code="joined = heads.transpose(-3, -2).flatten(-2)",
)


class TestJoinHeads(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
