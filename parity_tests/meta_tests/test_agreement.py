"""The comparison can fail, and passes what is only rounding."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parity_tests.contract.agreement import LIMIT, as_array, compare

EPS = float(np.finfo(float).eps)
FLOATS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.float16]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
    elements=st.floats(width=16),
)
INTEGERS = hnp.arrays(
    st.sampled_from([np.int64, np.int32, np.uint8, np.bool_]),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
)
ARRAYS = st.one_of(FLOATS, INTEGERS)
VALUES = st.recursive(
    st.one_of(ARRAYS, st.text(), st.binary(), st.integers(), st.none()),
    lambda entries: st.lists(entries, max_size=3),
)


@given(VALUES)
def test_a_value_agrees_with_itself_and_an_array_with_the_same_tensor(value):
    agreement = compare(value, value)

    assert agreement.holds
    assert agreement.error == agreement.difference == 0
    if isinstance(value, np.ndarray):
        assert compare(value, torch.from_numpy(value.copy())).holds


@pytest.mark.parametrize(("steps", "holds"), [(5, True), (8, True), (10, False)])
def test_more_than_eight_rounding_units_are_too_many(steps, holds):
    actual = torch.tensor([1.0, 1.0 + steps * EPS, 1.0], dtype=torch.float64)
    agreement = compare(np.ones(3), actual, EPS)

    assert (agreement.holds, agreement.error) == (holds, steps)
    assert agreement.reason.startswith("at [1]: expected 1.0, got 1.0000")
    assert not compare(0.0, math.nextafter(LIMIT * EPS, 9), EPS).holds


@given(FLOATS.filter(lambda array: array.size and np.isfinite(array).all()))
def test_without_a_rounding_unit_the_smallest_difference_fails(array):
    other = array.copy()
    other[(0,) * array.ndim] = np.nextafter(other.flat[0], array.dtype.type(np.inf))

    assert not compare(array, other).holds


@pytest.mark.parametrize("strange", [math.nan, math.inf, -math.inf])
def test_a_strange_number_agrees_only_with_an_equal_one_whatever_the_unit(strange):
    one = np.array([1.0, strange])
    assert compare(one, torch.from_numpy(one)).holds
    for number in {1.0, math.nan, math.inf, -math.inf} - {strange}:
        other = np.array([1.0, number])
        for agreement in [compare(one, other, 1e300), compare(other, one, 1e300)]:
            assert agreement.error == math.inf
            assert agreement.reason.startswith("at [1]")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (np.zeros(2), torch.zeros(2)),
        (np.zeros(2, np.float32), torch.zeros(2, dtype=torch.bfloat16)),
        (np.zeros(2, np.int32), torch.zeros(2, dtype=torch.int64)),
        (np.zeros(2, bool), torch.zeros(2, dtype=torch.uint8)),
        (np.float32(0), 0.0),
        (0, 0.0),
        (0, False),
        (0, None),
        ("1", 1),
        ("a", b"a"),
        ([0], np.zeros(1, np.int64)),
    ],
    ids=str,
)
def test_another_type_of_number_differs(expected, actual):
    assert not compare(expected, actual, unit=1.0).holds
    assert not compare(actual, expected, unit=1.0).holds


@given(INTEGERS.filter(lambda array: array.size))
def test_an_integer_off_by_one_differs_whatever_the_unit(array):
    other = array.copy()
    other.flat[-1] ^= 1

    assert not compare(array, torch.from_numpy(other), unit=1e300).holds


@pytest.mark.parametrize(
    ("expected", "actual", "reason"),
    [
        (np.zeros((2, 1)), np.zeros(2), "expected shape (2, 1), got (2,)"),
        (np.zeros((2, 3)), np.zeros((3, 2)), "expected shape (2, 3), got (3, 2)"),
        (np.zeros(()), np.zeros(1), "expected shape (), got (1,)"),
        (np.zeros((0, 2)), np.zeros((0, 3)), "expected shape (0, 2), got (0, 3)"),
        ("low", "lot", "expected 'low', got 'lot'"),
        (50 * "a", 50 * "a" + "b", "at [50]: expected '', got 'b'"),
        ("a", "a\0", "expected 'a', got 'a\\x00'"),
        (b"a", b"a\0", "expected b'a', got b'a\\x00'"),
        ([1, 2], [1], "expected 2 entries, got 1"),
        (["a", "b"], ["a", "c"], "entry 1: expected 'b', got 'c'"),
        ([[1], [2]], [[1], [3]], "entry 1: entry 0: expected 2, got 3"),
        ([1, 2], [1, True], "entry 1: expected int64, got bool"),
        ([1.0, math.nan], [1.0, 1.0], "entry 1: expected nan, got 1.0"),
    ],
)
def test_shapes_text_and_lists_must_be_equal(expected, actual, reason):
    agreement = compare(expected, actual, unit=1e300)

    assert agreement.reason == reason
    assert agreement.error == math.inf


def test_of_a_list_the_worst_entry_counts_and_no_difference_is_too_large():
    agreement = compare([0.0, 0.0, 0.0], [1.0, 3.0, 2.0], unit=1.0)
    largest = np.array(np.finfo(float).max)

    assert agreement.error == agreement.difference == 3
    assert agreement.reason == "entry 1: expected 0.0, got 3.0"
    assert compare(largest, -largest, 1.0).error == math.inf


@pytest.mark.parametrize("unit", [math.inf, math.nan, -1.0])
def test_a_unit_that_would_pass_anything_is_rejected(unit):
    with pytest.raises(ValueError, match="a rounding unit must be finite, 0 or more"):
        compare(np.zeros(1), np.ones(1), unit)


def test_a_tensor_is_read_exactly_and_left_alone():
    actual = torch.ones(2, requires_grad=True)

    assert compare(np.ones(2, np.float32), actual).holds
    assert actual.requires_grad
    assert as_array(torch.tensor([1.5], dtype=torch.bfloat16)).tolist() == [1.5]


def test_against_the_truth_only_floating_point_numbers_change_their_dtype():
    truth = [np.ones(2), np.arange(2), 1.0]
    actual = [np.ones(2, np.float32), np.arange(2), 1.0]

    assert compare(truth, actual, dtype="float32").holds
    assert not compare(truth, actual).holds
    assert not compare(truth, [*actual[:2], np.float32(1)], dtype="float32").holds
