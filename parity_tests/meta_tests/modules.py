"""Modules of both backends with equal parameters, and numbers to send through them."""

from typing import Any

import numpy as np
import torch

import reference
import torch_impl
from parity_tests import catalogue
from parity_tests.contract.backend import arguments_of
from parity_tests.contract.strategies import accepted, reference_part
from parity_tests.sources.panels import subject

EMBEDDING = "data/embedding"
SIZES = {"d_in": 3, "d_out": 3, "context_length": 5, "num_heads": 3, "num_kv_heads": 1}
OTHERS = {"dropout": 0.0, "qkv_bias": True, "vocab_size": 7, "output_dim": 3}
ATTENTION = [  # what takes one sequence and no sizes but these, in reading order
    path
    for path in catalogue.PATHS
    if path.startswith("attention/")
    and arguments_of(reference_part(path).forward) == {"self", "x", "tape"}
    and arguments_of(reference_part(path)) <= {*SIZES, *OTHERS, "rng"}
]
Array = np.ndarray[Any, Any]


def twins(path: str, **changes: Any) -> tuple[Any, Any]:
    """Build a pair's module on both backends, with the same parameters in float64."""
    config = accepted(path, SIZES | OTHERS | changes)
    if path.endswith("wrapper"):
        config["d_out"] //= config["num_heads"]  # which its heads have each
    torch.manual_seed(0)
    defined, built = (
        getattr(package, subject(path))(**config) for package in (reference, torch_impl)
    )
    defined.load_state_dict(built.double().state_dict())
    return defined, built


def draw(*shape: int, seed: int = 0) -> Array:
    """Draw normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def input_of(path: str) -> Array:
    """Make an input for the sizes above: ids, or vectors."""
    return np.array([[0, 4, 4], [6, 0, 2]]) if path == EMBEDDING else draw(2, 3, 3)
