"""Conventions of attention: how other people lay out parameters and masks."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from parity_tests.attention.cases import attention_cases
from parity_tests.contract.case import Case
from parity_tests.contract.convention import Convention, Request
from parity_tests.contract.strategies import parameter_shapes


def square(path: str) -> Convention:
    """Draw cases with as many channels going in as coming out."""
    cases = attention_cases(path, square=True)
    sentence = "as many channels go in as come out"
    return Convention(
        "square", sentence, cases=lambda _: cases, fitted=partial(made_square, path)
    )


def made_square(path: str, case: Case) -> Case:
    """Repeat or drop channels that go in, and columns of the projections, to fit."""
    config = {**case.config, "d_in": case.config["d_out"]}
    shapes = parameter_shapes(path, config)
    parameters = {
        name: resized(array, shapes[name]) for name, array in case.parameters.items()
    }
    x = case.inputs["x"]
    inputs = {"x": resized(x, (*x.shape[:-1], config["d_in"]))}
    return replace(case, config=config, inputs=inputs, parameters=parameters)


def resized(array: Any, shape: tuple[int, ...]) -> Any:
    """Repeat or drop channels to give an array another shape, unless it has it.

    >>> resized(np.array([[1, 2, 3]]), (1, 5))
    array([[1, 2, 3, 1, 2]])
    """
    for axis, size in enumerate(shape):
        if array.shape[axis] != size:
            array = array.take(np.arange(size) % array.shape[axis], axis)
    return array


def pack_projections(request: Request) -> Request:
    """Stack query, key and value into `in_proj_weight` (3E, C) and `in_proj_bias`."""
    parameters = dict(request["parameters"])
    for kind in ("weight", "bias"):
        names = [f"W_{part}.{kind}" for part in ("query", "key", "value")]
        if all(name in parameters for name in names):
            parts = [parameters.pop(name) for name in names]
            parameters[f"in_proj_{kind}"] = np.concatenate(parts)
    return {**request, "parameters": parameters}


def lay_weights_in_out(request: Request) -> Request:
    """Lay every projection out (in, out), as `x @ weight` takes it."""
    parameters = {
        name: np.ascontiguousarray(array.T) if name.endswith("weight") else array
        for name, array in request["parameters"].items()
    }
    return {**request, "parameters": parameters}


def invert_masks(request: Request) -> Request:
    """Hand the dropout masks over as `drop`: True where a weight is dropped."""
    inputs = dict(request["inputs"])
    if "keep" in inputs:
        keep = inputs.pop("keep")  # several, where there are several dropouts
        is_one = isinstance(keep, np.ndarray)
        inputs["drop"] = ~keep if is_one else [~each for each in keep]
    return {**request, "inputs": inputs}


PACKED = Convention(
    *("packed_projections", "query, key and value are one projection, in that order"),
    pack_projections,
)
IN_OUT = Convention(
    *("weights_in_out", "projections are laid out (in, out), not (out, in)"),
    lay_weights_in_out,
)
MASK_DROPS = Convention(
    *("mask_drops", "the dropout mask says what is dropped, not what is kept"),
    invert_masks,
)
