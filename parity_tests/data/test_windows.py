"""Sliding windows: what their laws in the catalogue do not say."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

import torch_impl
from parity_tests.sample_text import text
from parity_tests.side import both_backends

sizes = st.integers(1, 8)
strides = st.integers(1, 10)


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
