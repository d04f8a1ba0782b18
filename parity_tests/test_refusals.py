"""What any part refuses: the same on both sides, with leading axes and at the edges."""

from importlib import import_module

import numpy as np
import pytest
import torch

import torch_impl
from parity_tests.refusal import refusal
from parity_tests.side import array_for, both_backends


def refusals(backend):
    """Return a backend's module of refusals."""
    return import_module(f"{backend.__name__}.refusals")


@both_backends
def test_the_channels_are_the_last_axis(backend):
    right, wrong = (array_for(backend, np.zeros((2, 5, d_in))) for d_in in (3, 4))
    expected = ValueError, "x must have d_in = 3 channels, got 4"

    assert refusal(lambda: refusals(backend).refuse_input(right, d_in=3)) is None
    assert refusal(lambda: refusals(backend).refuse_input(wrong, d_in=3)) == expected


@both_backends
def test_an_input_needs_a_time_and_channels_and_nothing_else(backend):
    smallest, row = (array_for(backend, np.zeros(shape)) for shape in [(1, 3), (3,)])
    expected = ValueError, "x must have shape (…, T, C), got (3,)"

    assert refusal(lambda: refusals(backend).refuse_input(smallest, None)) is None
    assert refusal(lambda: refusals(backend).refuse_input(row, None)) == expected


@both_backends
@pytest.mark.parametrize("kind", ["int64", "bool"])
def test_an_input_is_refused_by_its_kind_of_numbers(backend, kind):
    x = array_for(backend, np.zeros((1, 3), kind))
    expected = TypeError, f"x must hold floating-point numbers, got {kind}"

    assert refusal(lambda: refusals(backend).refuse_input(x, None)) == expected


@both_backends
@pytest.mark.parametrize(
    ("argument", "kind"), [([[0.0]], "list"), (None, "NoneType"), (0.5, "float")]
)
def test_what_is_no_array_is_refused_by_name_and_kind(backend, argument, kind):
    expected = TypeError, f"keep must be an array of this backend, got {kind}"
    right = array_for(backend, np.zeros(1))
    check = refusals(backend).refuse_no_array

    assert refusal(lambda: check(x=right)) is None
    assert refusal(lambda: check(x=right, keep=argument)) == expected


@both_backends
@pytest.mark.parametrize(
    ("check", "edge"),
    [
        ("refuse_sizes", {"d_in": 1, "d_out": np.int64(1)}),
        ("refuse_uneven_heads", {"d_out": 4, "num_heads": 4}),
        ("refuse_dropout", {"dropout": 0}),
        ("refuse_dropout", {"dropout": 1.0}),
        ("refuse_length", {"n_tokens": 4, "context_length": 4}),
    ],
)
def test_what_just_fits_is_not_refused(backend, check, edge):
    assert refusal(lambda: getattr(refusals(backend), check)(**edge)) is None


@both_backends
def test_the_arrays_of_the_other_backend_are_refused(backend):
    other = np.zeros((2, 3)) if backend is torch_impl else torch.zeros(2, 3)
    name = type(other).__name__
    expected = TypeError, f"x must be an array of this backend, got {name}"

    assert refusal(lambda: refusals(backend).refuse_input(other, None)) == expected


@both_backends
def test_an_id_alone_stands_at_no_position(backend):
    embedding = import_module(f"{backend.__name__}.data.embedding")
    alone, row = (array_for(backend, np.array(ids)) for ids in (3, [3]))
    expected = ValueError, "ids must have shape (…, T), got ()"

    assert refusal(lambda: embedding.refuse_no_axis(alone)) == expected
    assert refusal(lambda: embedding.refuse_no_axis(row)) is None


@both_backends
def test_a_text_that_is_too_long_is_refused_with_both_lengths(backend):
    expected = ValueError, "at most context_length = 4 tokens fit, got 5"

    assert refusal(lambda: refusals(backend).refuse_length(5, 4)) == expected
