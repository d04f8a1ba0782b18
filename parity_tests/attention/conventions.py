"""Conventions of attention: how other people lay out parameters and masks."""

import numpy as np

from parity_tests.attention.cases import attention_cases
from parity_tests.contract.convention import Cases, Convention, Request


def square(path: str) -> Convention:
    """Draw cases with as many channels going in as coming out."""

    def cases(_: Cases) -> Cases:
        return attention_cases(path, square=True)

    return Convention("square", "as many channels go in as come out", cases=cases)


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
    "packed_projections",
    "query, key and value are one projection, in that order",
    pack_projections,
)
IN_OUT = Convention(
    "weights_in_out",
    "projections are laid out (in, out), not (out, in)",
    lay_weights_in_out,
)
MASK_DROPS = Convention(
    "mask_drops",
    "the dropout mask says what is dropped, not what is kept",
    invert_masks,
)
