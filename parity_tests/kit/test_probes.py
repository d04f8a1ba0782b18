"""Fixed cases: what they cover, and that they arrive as they are."""

from itertools import product

import numpy as np
import pytest

from parity_tests.attention.sizes import SIZES
from parity_tests.catalogue import load
from parity_tests.contract import border
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.pinned import Pinned, read_pinned, write_pinned
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.conventions import probes_for

TOKENS = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257}
HEAD_DIMS = {1, 2, 3, 7, 8, 16, 19, 32, 64, 80, 128}


def both_dtypes(values):
    """Pair every value with both dtypes, by the index of a row modulo 2."""
    return {*product(values, (0, 1))}


def column(of):
    """Return what the rows have in a column, each with its dtype."""
    return {(of(sizes), index % 2) for index, sizes in enumerate(SIZES)}


def test_every_number_of_tokens_and_every_layout_comes_in_both_precisions():
    assert column(lambda s: s.n_tokens) == both_dtypes(TOKENS)
    assert column(lambda s: s.layout) == both_dtypes(LAYOUTS)
    assert column(lambda s: s.room > 0) == both_dtypes((True, False))
    assert column(lambda s: s.qkv_bias) == both_dtypes((True, False))
    assert {s.head_dim for s in SIZES} == HEAD_DIMS
    assert {1, 2, 3, 4, 5, 12} <= {s.num_heads for s in SIZES}
    assert {(), (1,), (2,), (3,), (5,), (2, 3)} == {s.leading for s in SIZES}
    assert not any(s.num_heads % s.num_kv_heads for s in SIZES)


def test_a_case_arrives_in_the_layout_that_it_has(tmp_path):
    path = tmp_path / "cases.json"
    for lay_out, shape in product(LAYOUTS.values(), [(2, 3, 4), (3, 4), (5,)]):
        array = lay_out(np.arange(np.prod(shape)).reshape(shape).astype(np.float32))
        arrived = border.read(border.write(array))

        assert np.array_equal(arrived, array)
        assert arrived.strides == array.strides
        assert arrived.flags.writeable == array.flags.writeable
    for probe in load("causal").probes(0):
        write_pinned(path, [Pinned("attention/causal", probe.case)])
        before, after = (
            border.write({**case.inputs, **case.parameters})
            for case in (probe.case, read_pinned(path)[0].case)
        )

        assert after == before


@pytest.mark.parametrize("name", ["causal", "multi_head", "multi_head_wrapper"])
def test_probes_are_made_to_fit_a_convention(name):
    pair = load(name)
    cases = [p.case for p in probes_for(pair, {"square", "not_empty"}, 0)]

    assert len(cases) == len([*pair.probes(0)]) - 2
    assert all(case.inputs["x"].shape[-1] == case.config["d_out"] for case in cases)


def test_what_is_for_one_dtype_is_not_tried_in_another():
    every, single = (
        [*probes_for(load("simple"), (), 0, dtype)] for dtype in (None, "float32")
    )

    assert {p.case.dtype for p in single if p.own_dtype} == {"float32"}
    assert len([p for p in every if not p.own_dtype]) == len(SIZES) + 2


def test_to_take_no_views_is_a_remark_and_no_difference():
    target = "parity_tests.kit.misbehaving:takes_no_views"
    verdict = check(Request(load("simple"), target, 5))

    assert verdict.agrees, verdict
    assert verdict.remarks == [
        "it rejects arrays that are views, such as those with negative strides"
    ]
