"""Every random number comes from the generator that is passed in, and from no other."""

import inspect

import numpy as np
import pytest

from parity_tests import catalogue
from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import REFERENCE

DRAWN = [
    pair
    for pair in catalogue.load_all()
    if pair.is_module and "rng" in inspect.signature(pair.part(REFERENCE)).parameters
]


@pytest.mark.parametrize("pair", DRAWN, ids=str)
def test_the_generator_determines_every_parameter(pair):
    part, config = pair.part(REFERENCE), next(iter(pair.examples(0))).case.config
    one, same, other = (
        part(**config, rng=np.random.default_rng(seed)).state_dict()
        for seed in (0, 0, 1)
    )

    assert all(compare(one[name], same[name]).holds for name in one)
    equal = [name for name in one if compare(one[name], other[name]).holds]
    drawn = {name for name in one if not np.isin(one[name], (0, 1)).all()}
    assert not drawn & {*equal}
