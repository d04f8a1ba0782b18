"""Sliding windows: both sides agree, and each obeys the laws of the thing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

import torch_impl
from parity_tests.attention.sides import array_for, both_backends, refusal
from parity_tests.catalogue import concept
from parity_tests.sample_text import text

WINDOWS = concept("windows")

lengths = st.integers(0, 20)
sizes = st.integers(1, 8)
strides = st.integers(1, 10)

# Agreement


@given(WINDOWS.cases)
def test_reference_and_torch_agree(case):
    comparison = WINDOWS.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@both_backends
@given(lengths, sizes, strides)
def test_windows_start_a_stride_apart_and_targets_are_one_later(
    backend, n_tokens, max_length, stride
):
    ids = list(range(100, 100 + n_tokens))
    starts = range(0, n_tokens - max_length, stride)
    expected = [
        (ids[i : i + max_length], ids[i + 1 : i + max_length + 1]) for i in starts
    ]
    windows = backend.SlidingWindows(ids, max_length, stride)
    actual = [(input.tolist(), target.tolist()) for input, target in windows]

    assert actual == expected


@both_backends
@given(lengths, sizes, strides)
def test_there_are_as_many_windows_as_strides_fit_the_text(
    backend, n_tokens, max_length, stride
):
    expected = max(0, math.ceil((n_tokens - max_length) / stride))
    actual = len(backend.SlidingWindows([7] * n_tokens, max_length, stride))

    assert actual == expected


@both_backends
@given(lengths, sizes, strides)
def test_all_inputs_and_all_targets_are_the_windows_below_each_other(
    backend, n_tokens, max_length, stride
):
    windows = backend.SlidingWindows(list(range(n_tokens)), max_length, stride)

    assert tuple(windows.inputs.shape) == (len(windows), max_length)
    assert tuple(windows.targets.shape) == (len(windows), max_length)
    assert windows.inputs.tolist() == [input.tolist() for input, _ in windows]
    assert windows.targets.tolist() == [target.tolist() for _, target in windows]


@both_backends
@given(st.integers(2, 20), sizes)
def test_at_stride_max_length_every_token_but_the_tail_is_input_once(
    backend, n_tokens, max_length
):
    windows = backend.SlidingWindows(list(range(n_tokens)), max_length, max_length)
    expected = list(range(len(windows) * max_length))
    actual = windows.inputs.flatten().tolist()

    assert actual == expected
    assert n_tokens - len(actual) <= max_length


@both_backends
@given(lengths, sizes, strides)
def test_a_negative_number_counts_from_the_end(backend, n_tokens, max_length, stride):
    windows = backend.SlidingWindows(list(range(n_tokens)), max_length, stride)
    expected = [windows[i][0].tolist() for i in range(len(windows))]
    actual = [windows[i - len(windows)][0].tolist() for i in range(len(windows))]

    assert actual == expected


@both_backends
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_windows_are_views_of_the_text(backend, dtype):
    ids = np.arange(10, dtype=dtype)
    windows = backend.SlidingWindows(array_for(backend, ids), max_length=4, stride=3)
    ids += 10

    assert windows.inputs.tolist() == [[10, 11, 12, 13], [13, 14, 15, 16]]
    assert windows.targets.tolist() == [[11, 12, 13, 14], [14, 15, 16, 17]]


@both_backends
def test_a_window_longer_than_any_text_takes_no_room(backend):
    windows = backend.SlidingWindows([1, 2, 3], max_length=10**12, stride=10**12)

    assert len(windows) == 0
    assert tuple(windows.inputs.shape) == (0, 10**12)


# Bridges


@both_backends
@given(text(), sizes)
def test_the_windows_of_encoded_text_decode_to_its_pieces(backend, text, max_length):
    tokenizer = backend.CharacterTokenizer.train(text)
    windows = backend.SlidingWindows(tokenizer.encode(text), max_length, stride=1)
    expected = [text[i : i + max_length] for i in range(len(text) - max_length)]
    actual = [tokenizer.decode(input) for input, _ in windows]

    assert actual == expected


@given(st.integers(2, 20), sizes, strides, st.integers(1, 3))
def test_a_data_loader_takes_them_in_batches(n_tokens, max_length, stride, batch_size):
    windows = torch_impl.SlidingWindows(torch.arange(n_tokens), max_length, stride)
    loader = DataLoader(windows, batch_size=batch_size)
    expected = windows.inputs.tolist(), windows.targets.tolist()
    rows = [
        (input, target)
        for inputs, targets in loader
        for input, target in zip(inputs.tolist(), targets.tolist(), strict=True)
    ]

    assert [input for input, _ in rows] == expected[0]
    assert [target for _, target in rows] == expected[1]


def test_a_shuffling_data_loader_takes_every_window_once():
    windows = torch_impl.SlidingWindows(torch.arange(50), max_length=4, stride=2)
    loader = DataLoader(windows, batch_size=5, shuffle=True)
    expected = windows.inputs.tolist()
    actual = sorted(row for inputs, _ in loader for row in inputs.tolist())

    assert actual == expected


# Refusals


@both_backends
@pytest.mark.parametrize(
    ("ids", "max_length", "stride", "error", "message"),
    [
        ([1], 0, 1, ValueError, "max_length must be at least 1, got 0"),
        ([1], 1, 0, ValueError, "stride must be at least 1, got 0"),
        ([1], 1, -1, ValueError, "stride must be at least 1, got -1"),
        ([1], 1.0, 1, TypeError, "max_length must be a whole number, got 1.0"),
        ([1], 1, True, TypeError, "stride must be a whole number, got True"),
        ([0.5], 1, 1, TypeError, "ids must be whole numbers, got 0.5"),
        ("ab", 1, 1, TypeError, "ids must be whole numbers, got 'a'"),
        ([[1]], 1, 1, TypeError, "ids must be whole numbers, got [1]"),
        ([2**63], 1, 1, ValueError, f"ids must fit into 64 bits, got {2**63}"),
    ],
)
def test_bad_arguments_are_refused(backend, ids, max_length, stride, error, message):
    expected = error, message
    actual = refusal(lambda: backend.SlidingWindows(ids, max_length, stride))

    assert actual == expected


@both_backends
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (np.zeros((2, 3), np.int64), ValueError, "one row, got shape (2, 3)"),
        (np.array(1), ValueError, "one row, got shape ()"),
        (np.zeros(4), TypeError, "whole numbers, got float64"),
        (np.zeros(4, bool), TypeError, "whole numbers, got bool"),
    ],
)
def test_what_is_no_row_of_ids_is_refused(backend, ids, error, message):
    given = array_for(backend, ids)
    found, words = refusal(lambda: backend.SlidingWindows(given, 2, 1))

    assert found is error
    assert words.endswith(message)


@both_backends
@pytest.mark.parametrize("number", [3, -4, 10**20])
def test_a_window_that_does_not_exist_is_refused(backend, number):
    windows = backend.SlidingWindows(list(range(5)), max_length=2, stride=1)
    expected = IndexError, f"there are 3 windows, got number {number}"
    actual = refusal(lambda: windows[number])

    assert actual == expected


# Anchor values


@both_backends
def test_ten_tokens_in_windows_of_four_at_every_fourth(backend):
    windows = backend.SlidingWindows(list(range(10)), max_length=4, stride=4)

    assert windows.inputs.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert windows.targets.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


@both_backends
@pytest.mark.parametrize(("n_tokens", "n_windows"), [(4, 0), (5, 1), (8, 1), (9, 2)])
def test_the_last_full_window_counts(backend, n_tokens, n_windows):
    windows = backend.SlidingWindows(list(range(n_tokens)), max_length=4, stride=4)

    assert len(windows) == n_windows
