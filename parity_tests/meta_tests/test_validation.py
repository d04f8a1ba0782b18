"""What checks take and reject beyond what is listed in the files of the pairs.

There every rule has its rejection on both backends; here are leading axes, edges, other
dtypes, and the arrays of the other backend.
"""

import numpy as np
import pytest
import torch

import reference.module
import torch_impl.validation
from parity_tests.contract.backend import BACKENDS, REFERENCE, TORCH
from parity_tests.contract.rejection import rejection

CHECKS = {REFERENCE: reference.module, TORCH: torch_impl.validation}


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
@pytest.mark.parametrize(
    ("check", "named", "expected"),
    [
        ("input", {"x": np.zeros((2, 5, 3)), "d_in": 3}, None),
        ("input", {"x": np.zeros((1, 3)), "d_in": None}, None),
        ("input", {"x": np.zeros((4, 3)), "d_in": 3, "context_length": 4}, None),
        (
            *("input", {"x": np.zeros((2, 5, 4)), "d_in": 3}),
            (ValueError, "x must have d_in = 3 channels, got 4"),
        ),
        (
            *("input", {"x": np.zeros((1, 3), bool), "d_in": None}),
            (TypeError, "x must hold floating-point numbers, got bool"),
        ),
        ("sizes", {"d_in": 1, "d_out": np.int64(1)}, None),
        ("multiple", {"d_out": 4, "num_heads": 4}, None),
        ("dropout", {"dropout": 0}, None),
        ("dropout", {"dropout": 1.0}, None),
    ],
)
def test_what_just_fits_is_taken_and_what_does_not_rejected(
    backend, check, named, expected
):
    own = {name: backend.own(value) for name, value in named.items()}
    function = getattr(CHECKS[backend], f"check_{check}")

    assert rejection(lambda: function(**own)) == expected


@pytest.mark.parametrize(
    ("backend", "other"), [(REFERENCE, torch.zeros(2, 3)), (TORCH, np.zeros((2, 3)))]
)
def test_a_check_rejects_the_arrays_of_the_other_backend(backend, other):
    found = rejection(lambda: CHECKS[backend].check_input(other, None))
    kind = type(other).__name__

    assert found == (TypeError, f"x must be an array of this backend, got {kind}")
