"""Strategies for the cases of modules, whatever their arguments are called."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.backend import arguments_of, unchecked
from parity_tests.contract.patterns import LEADING, PATTERNS, SCALES, numbers
from parity_tests.sources.panels import subject

Config = Mapping[str, Any]
Parameters = dict[str, np.ndarray[Any, Any]]


@lru_cache(maxsize=64)
def reference_part(path: str) -> Any:
    """Return the class or the function of the reference."""
    module = import_module(f"reference.{path.replace('/', '.')}")
    return getattr(module, subject(path))


def accepted(path: str, arguments: Config) -> dict[str, Any]:
    """Keep the arguments that a constructor takes."""
    takes = arguments_of(reference_part(path))
    return {name: value for name, value in arguments.items() if name in takes}


def parameter_shapes(path: str, config: Config) -> dict[str, tuple[int, ...]]:
    """Name the parameters of a module and their shapes."""
    with unchecked():
        state = reference_part(path)(**config).state_dict()
    return {name: array.shape for name, array in state.items()}


def parameters_of(path: str, config: Config, seed: int, dtype: Any) -> Parameters:
    """Draw the parameters of a module from a standard normal distribution."""
    return {
        name: numbers("normal", shape, seed + index + 1).astype(dtype)
        for index, (name, shape) in enumerate(parameter_shapes(path, config).items())
    }


@st.composite
def arrays(draw: st.DrawFn, *shape: int, seed: int) -> np.ndarray[Any, Any]:
    """Draw an array of some leading axes and a shape: a pattern at some scale."""
    leading = draw(leading_axes)
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    return scale * numbers(pattern, (*leading, *shape), seed)


dtypes = st.sampled_from([np.float64, np.float32])
leading_axes = st.sampled_from((*LEADING * 5, (0,)))  # now and then there is no text
seeds = st.integers(0, 2**32 - 1)


def lengths(longest: int) -> st.SearchStrategy[int]:
    """Draw a length of 1 or more, and now and then 0."""
    return st.sampled_from((*[*range(1, longest + 1)] * (30 // longest + 1), 0))
