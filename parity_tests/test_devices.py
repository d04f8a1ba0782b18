"""A module works where its weights and its input are, whatever the default device is.

What a forward pass makes by itself, such as the numbers of places, must be made there
too. A tensor made on the default device would have no values here: that is `meta`.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.catalogue import CATALOGUE

MODULES = [
    pytest.param(each, id=each.path)
    for each in CATALOGUE
    if each.path.startswith("attention/") or each.path == "data/embedding"
]


@pytest.mark.parametrize("concept", MODULES)
@given(data=st.data())
def test_the_default_device_plays_no_part(concept, data):
    case = data.draw(concept.cases)
    given_array = torch.from_numpy(case.inputs.get("x", case.inputs.get("ids")))
    module = concept.torch(**case.config).eval()
    module.to(given_array.dtype if given_array.is_floating_point() else None)
    expected = module(given_array)

    with torch.device("meta"):
        actual = module(given_array)

    assert torch.equal(actual, expected)
