"""LayerNorm: its properties, rejections and oracles."""

from dataclasses import replace

import numpy as np
import torch

from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.norms.shared import (
    OF_ALL,
    norm_cases,
    norm_examples,
    norm_on_text,
    norm_rejected,
)

PATH = "norms/layer_norm"


def a_number_added_to_all_channels_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """The mean is taken off."""
    moved = case.with_inputs(x=case.inputs["x"] + np.asarray(1, case.dtype))
    unit = run.rounding(case) + run.rounding(moved)
    return compare(run(case), run(moved), unit)


def of_a_centered_vector_it_is_rms_norm(run: OneBackend, case: Case) -> Agreement:
    """Where the mean is zero already, only the root mean square is left."""
    other = OneBackend(load("norms/rms_norm"), run.backend)
    x = case.inputs["x"]
    x = np.concatenate([x, -x], axis=-1)  # its sum is zero, to the last bit
    config = {**case.config, "dim": x.shape[-1]}
    gain = np.tile(case.parameters["weight"], 2)
    simple = replace(case.with_inputs(x=x), config=config, parameters={"weight": gain})
    case = replace(simple, parameters={"weight": gain, "bias": np.zeros_like(gain)})
    return compare(other(simple), run(case), run.rounding(case))


def by_formula(case: Case) -> torch.Tensor:
    """Write it by the length of what is left of the mean."""
    x = torch.from_numpy(case.inputs["x"])
    weight, bias = (torch.from_numpy(case.parameters[n]) for n in ("weight", "bias"))
    centered = x - x.sum(dim=-1, keepdim=True) / x.shape[-1]
    variance = torch.linalg.vector_norm(centered, dim=-1, keepdim=True) ** 2
    scale = torch.rsqrt(variance / x.shape[-1] + case.config["eps"])
    return torch.addcmul(bias, centered * scale, weight)


PAIR = Pair(
    path=PATH,
    cases=norm_cases(PATH),
    properties=(
        *OF_ALL,
        Property(a_number_added_to_all_channels_changes_nothing),
        Property(of_a_centered_vector_it_is_rms_norm),
    ),
    rejections=norm_rejected(),
    oracles=(Oracle("torch.linalg.vector_norm and the formula", by_formula),),
    on_text=norm_on_text(PATH),
    examples=norm_examples(PATH),
)


class TestLayerNorm(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
