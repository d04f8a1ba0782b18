"""What any part rejects: the same on both backends, with leading axes and at the edges.

What a pair rejects of its own is listed in the file of the pair.
"""

import numpy as np
import pytest
import torch

import reference.module
import torch_impl.validation
from parity_tests.contract.backend import BACKENDS, REFERENCE, TORCH
from parity_tests.contract.rejection import rejection

CHECKS = {REFERENCE: reference.module, TORCH: torch_impl.validation}
on_both = pytest.mark.parametrize("backend", BACKENDS, ids=str)


def rejected(backend, check, *arguments, **named):
    """Return the type and the text of what a check raises, or None."""
    arguments = [backend.own(argument) for argument in arguments]
    return rejection(lambda: getattr(CHECKS[backend], check)(*arguments, **named))


@on_both
def test_the_channels_are_the_last_axis(backend):
    expected = ValueError, "x must have d_in = 3 channels, got 4"

    assert rejected(backend, "check_input", np.zeros((2, 5, 3)), 3) is None
    assert rejected(backend, "check_input", np.zeros((2, 5, 4)), 3) == expected


@on_both
def test_an_input_needs_tokens_and_channels_and_nothing_else(backend):
    expected = ValueError, "x must have shape (…, T, C), got (3,)"

    assert rejected(backend, "check_input", np.zeros((1, 3)), None) is None
    assert rejected(backend, "check_input", np.zeros(3), None) == expected


@on_both
@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_an_input_is_rejected_by_its_dtype(backend, dtype):
    expected = TypeError, f"x must hold floating-point numbers, got {dtype}"

    assert rejected(backend, "check_input", np.zeros((1, 3), dtype), None) == expected


@on_both
@pytest.mark.parametrize(
    ("argument", "name"), [([[0.0]], "list"), (None, "NoneType"), (0.5, "float")]
)
def test_what_is_no_array_is_rejected_by_its_type(backend, argument, name):
    expected = TypeError, f"x must be an array of this backend, got {name}"

    assert rejected(backend, "check_input", argument, None) == expected


def test_a_check_rejects_the_arrays_of_the_other_backend():
    for backend, other in [(REFERENCE, torch.zeros(2, 3)), (TORCH, np.zeros((2, 3)))]:
        name = type(other).__name__
        expected = TypeError, f"x must be an array of this backend, got {name}"
        found = rejection(lambda: CHECKS[backend].check_input(other, None))  # noqa: B023
        assert found == expected


@on_both
def test_a_text_that_is_too_long_is_rejected_with_both_lengths(backend):
    expected = ValueError, "at most context_length = 4 tokens fit, got 5"

    assert rejected(backend, "check_input", np.zeros((4, 3)), 3, 4) is None
    assert rejected(backend, "check_input", np.zeros((5, 3)), 3, 4) == expected


@on_both
@pytest.mark.parametrize(
    ("check", "named", "error", "text"),
    [
        ("check_sizes", {"n": 0}, ValueError, "n must be at least 1, got 0"),
        ("check_sizes", {"n": 2.0}, TypeError, "n must be an integer, got 2.0"),
        ("check_sizes", {"n": True}, TypeError, "n must be an integer, got True"),
        (
            *("check_multiple", {"d_out": 4, "num_heads": 3}, ValueError),
            "d_out must be a multiple of num_heads, got 4 and 3",
        ),
        (
            "check_dropout",
            {"dropout": "0"},
            TypeError,
            "dropout must be a number, got '0'",
        ),
        (
            *("check_dropout", {"dropout": 1.5}, ValueError),
            "dropout must be in [0, 1], got 1.5",
        ),
    ],
)
def test_an_argument_that_is_rejected_is_named_with_its_value(
    backend, check, named, error, text
):
    assert rejected(backend, check, **named) == (error, text)


@on_both
@pytest.mark.parametrize(
    ("check", "edge"),
    [
        ("check_sizes", {"d_in": 1, "d_out": np.int64(1)}),
        ("check_multiple", {"d_out": 4, "num_heads": 4}),
        ("check_dropout", {"dropout": 0}),
        ("check_dropout", {"dropout": 1.0}),
    ],
)
def test_what_just_fits_is_not_rejected(backend, check, edge):
    assert rejected(backend, check, **edge) is None
