"""Every run tries enough cases of each kind, whatever the seed, and none twice."""

from collections import Counter

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.search import search
from parity_tests.kit.spread import identity


def drawn(name, **options):
    """Draw the cases of one run, none of which differs."""
    cases = []
    search(cases.append, Request(load(name), "", **options))
    return cases


def is_wide(case):
    """Whether there are two tokens or more, two heads, and two channels in each."""
    heads = case.config.get("num_heads", 2)
    width = case.config.get("d_out", case.inputs["x"].shape[-1])
    split = heads if "out_proj.weight" in case.parameters else 1
    return case.inputs["x"].shape[-2] > 1 < heads and width // split > 1


@pytest.mark.parametrize("name", ["multi_head", "causal", "simple", "grouped_query"])
@pytest.mark.parametrize("seed", range(10))
def test_a_run_covers_both_precisions_and_tries_no_case_twice(name, seed):
    cases = drawn(name, seed=seed)
    wide = Counter(case.dtype for case in cases if is_wide(case))
    empty = [case for case in cases if not case.inputs["x"].size]

    assert len({identity(case) for case in cases}) == len(cases) == 100
    assert min(wide["float64"], wide["float32"]) >= 30, wide
    assert len(empty) <= 20


def test_a_run_in_one_precision_has_as_many_cases():
    cases = drawn("multi_head", dtype="float32")

    assert len(cases) == 100


@pytest.mark.parametrize(
    "name", ["windows", "data/embedding", "softmax", "primitives/linear"]
)
@pytest.mark.parametrize("seed", range(3))
def test_other_pairs_have_few_empty_cases_and_no_case_twice(name, seed):
    cases = drawn(name, seed=seed)
    empty = [c for c in cases if not all(value.size for value in c.inputs.values())]

    assert len({identity(case) for case in cases}) == len(cases) == 100
    assert len(empty) <= 15
