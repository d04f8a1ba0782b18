"""Ids: whole numbers of 64 bits in one row, each of them in the vocabulary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.tokenizers.array_sides import TORCH, each_side, refusal

LOWEST, HIGHEST = -(2**63), 2**63 - 1

# Laws


@each_side
@given(st.integers(LOWEST, HIGHEST) | st.sampled_from([LOWEST, HIGHEST]))
def test_a_whole_number_of_64_bits_is_read_as_it_is(side, number):
    assert side("ids").whole_number(number) == number


@each_side
@given(st.lists(st.integers(0, 9), max_size=6), st.integers(10, 12))
def test_ids_of_the_vocabulary_are_read_as_they_are(side, ids, vocab_size):
    for given_ids in (ids, side.array(ids), side.array(ids, "int8")):
        row = side("ids").token_ids(given_ids, vocab_size)

        assert row.tolist() == side("ids").row_of_ids(given_ids).tolist() == ids
        assert str(row.dtype).removeprefix("torch.") == "int64"


def test_ids_are_read_onto_the_device_that_is_asked_for():
    for ids in ([0, 1], TORCH.array([0, 1])):
        assert TORCH("ids").row_of_ids(ids, "meta").device.type == "meta"


@each_side
@given(st.lists(st.integers(0, 9), max_size=6), st.integers(10, 12))
def test_ids_of_the_vocabulary_are_not_refused(side, ids, vocab_size):
    side("ids").refuse_ids(side.array(ids), vocab_size)


# Refusals


@each_side
@pytest.mark.parametrize("number", [1.5, "1", None, True])
def test_what_is_no_whole_number_is_refused(side, number):
    message = f"ids must be whole numbers, got {number!r}"

    def run(side):
        side("ids").whole_number(number)

    assert refusal(run, side) == (TypeError, message)


@each_side
@pytest.mark.parametrize("number", [LOWEST - 1, HIGHEST + 1])
def test_a_number_of_more_than_64_bits_is_refused(side, number):
    message = f"ids must fit into 64 bits, got {number}"

    def run(side):
        side("ids").whole_number(number)

    assert refusal(run, side) == (ValueError, message)


@each_side
@pytest.mark.parametrize(
    ("ids", "vocab_size", "rule"),
    [
        ([2, 3], 3, "ids must lie in 0..2, got 3"),
        ([2, -1], 3, "ids must lie in 0..2, got -1"),
        ([1], 1, "ids must lie in 0..0, got 1"),
        ([0], 0, "there are no ids, got 0"),
    ],
)
def test_an_id_outside_the_vocabulary_is_refused(side, ids, vocab_size, rule):
    def run(side):
        side("ids").token_ids(ids, vocab_size)

    assert refusal(run, side) == (ValueError, rule)


@each_side
@pytest.mark.parametrize("dtype", ["float32", "complex64", "bool"])
def test_an_array_of_other_than_whole_numbers_is_refused(side, dtype):
    message = f"ids must be whole numbers, got {np.dtype(dtype).name}"

    def run(side):
        side("ids").refuse_ids(side.array([0, 1], dtype), 3)

    assert refusal(run, side) == (TypeError, message)
