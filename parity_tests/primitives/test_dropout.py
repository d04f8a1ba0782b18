"""Dropout: its properties, rejections and oracles."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from torch import nn

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair, dropout_masks
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.primitives import cases, properties
from parity_tests.primitives.probes import array_probes

PATH = "primitives/dropout"
MAKE = cases.of_array(PATH, "x")


def dropout_cases(*chances: float) -> st.SearchStrategy[Case]:
    """Draw arrays, of which numbers are dropped with one of some chances."""
    configs = st.fixed_dictionaries({"p": st.sampled_from(chances)})
    return cases.array_cases(MAKE, configs, lambda config: 4)


def evaluation_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """In evaluation, what goes in comes out."""
    return compare(case.inputs["x"], run(replace(case, training=False)))


def what_is_kept_is_scaled_up(run: OneBackend, case: Case) -> Agreement:
    """With p = 1/2 every number is dropped, or doubled."""
    case, x = replace(case, config={"p": 0.5}), case.inputs["x"]
    dropped = run(case)
    return compare(np.where(dropped == 0, 0, 2 * x), dropped)


def dropping_everything_gives_zeros(run: OneBackend, case: Case) -> Agreement:
    """With p = 1 nothing is kept, and nothing is divided by zero."""
    actual = run(replace(case, config={"p": 1.0}))
    return compare(np.zeros_like(actual), actual)


def mask_and_scale(case: Case) -> np.ndarray:
    """Multiply by the mask that PyTorch draws, in one expression."""
    x, p = case.inputs["x"], case.config["p"]
    masks = dropout_masks(PAIR, case)
    return np.where(masks[0], x / x.dtype.type(1 - p), 0) if masks else x


PROPER = dropout_cases(0.0, 0.1, 0.5)
RULE = "dropout probability has to be between 0 and 1"

PAIR = Pair(
    path=PATH,
    cases=dropout_cases(0.0, 0.1, 0.5, 1.0),
    properties=(
        *properties.OF_ANY_LAYOUT,
        Property(evaluation_changes_nothing),
        Property(what_is_kept_is_scaled_up),
        Property(dropping_everything_gives_zeros),
        *GRADIENTS,
    ),
    rejections=tuple(
        Rejection(ValueError, f"{RULE}, but got {p}", {"p": p}) for p in (-0.1, 1.5)
    ),
    oracles=(Oracle("the mask times x / (1 - p)", mask_and_scale, PROPER),),
    on_text=cases.on_text(MAKE, {"p": 0.1}),
    examples=cases.examples(MAKE, {"p": 0.5}, (4, 3)),
    probes=array_probes(MAKE, lambda n: {"p": 0.1}),
    abilities=frozenset({"dropout", "leading_axes"}),
    torch=nn.Dropout,
    torch_code="dropped = nn.Dropout(p)(x)",
)


class TestDropout(PairTests):
    """All that is asked of every pair, and what the reference draws by itself."""

    pair = PAIR

    def test_each_number_is_kept_with_the_chance_it_should(self):
        drop = PAIR.part(REFERENCE)(0.25, rng=np.random.default_rng(123))
        kept = drop(np.ones((500, 400))) > 0
        off = abs(kept.sum() - 0.75 * kept.size)

        # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n), one in 10**9.
        assert off < math.sqrt(math.log(2e9) * kept.size / 2)
