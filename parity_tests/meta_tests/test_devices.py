"""A module works where its parameters and its input are, whatever the default device.

What a forward pass creates by itself, such as positions, must be created there too. A
tensor created on the default device would have no values here: that is `meta`.
"""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings

from parity_tests import catalogue
from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import TORCH

MODULES = [pair for pair in catalogue.load_all() if pair.is_module]


@pytest.mark.parametrize("pair", MODULES, ids=str)
def test_the_default_device_has_no_influence(pair):
    @settings(max_examples=25)
    @given(pair.cases)
    def same(case):
        case = replace(case, training=False)
        module = pair.build(TORCH, case)
        inputs = [TORCH.own(value) for value in case.inputs.values()]
        expected = module(*inputs)

        with torch.device("meta"):
            actual = module(*inputs)

        assert compare(expected, actual).holds

    same()
