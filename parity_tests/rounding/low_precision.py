"""The same numbers in another precision, and a run of PyTorch in it.

A case of low precision holds numbers that float16 or bfloat16 can hold, in arrays of
float32, since NumPy has no bfloat16: the same bits can go through both precisions.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from parity_tests.backward import catching
from parity_tests.case import Case

if TYPE_CHECKING:
    from parity_tests.concept import Concept

Array = np.ndarray[Any, Any]

LOW = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def in_float64(case: Case) -> Case:
    """Hold the same numbers in float64."""
    return replace(
        case,
        inputs={name: cast(array, np.float64) for name, array in case.inputs.items()},
        weights={name: cast(array, np.float64) for name, array in case.weights.items()},
    )


def rounded(case: Case, dtype: str) -> Case:
    """Round every number to a low precision, and hold it in float32."""
    return replace(
        case,
        inputs={name: nearest(array, dtype) for name, array in case.inputs.items()},
        weights={name: nearest(array, dtype) for name, array in case.weights.items()},
    )


def fitted(concept: "Concept", case: Case, dtype: str) -> Case:
    """Round a case, its input halved until twice as much would not overflow."""
    case = rounded(case, dtype)
    while not run_torch_in(concept, times(case, 2), dtype).isfinite().all():
        case = times(case, 0.5)
    return case


def times(case: Case, factor: float) -> Case:
    """Multiply the input of a case; ids and masks stay as they are."""
    inputs = {
        name: array * array.dtype.type(factor) if array.dtype.kind == "f" else array
        for name, array in case.inputs.items()
    }
    return replace(case, inputs=inputs)


def cast(array: Array, dtype: type[np.floating[Any]]) -> Array:
    """Change the dtype of floating-point numbers; ids and masks stay as they are."""
    return array.astype(dtype) if array.dtype.kind == "f" else array


def nearest(array: Array, dtype: str) -> Array:
    """Round floating-point numbers to a precision, held in float32."""
    if array.dtype.kind != "f":
        return array
    return torch.from_numpy(array).to(LOW[dtype]).float().numpy()


def run_torch_in(concept: "Concept", case: Case, dtype: str) -> torch.Tensor:
    """Run the PyTorch side of a case with its input and weights in a precision."""

    def lower(module: torch.nn.Module) -> None:
        def hook(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> Any:
            module.to(LOW[dtype])
            return tuple(
                each.to(LOW[dtype]) if each.is_floating_point() else each
                for each in inputs
            )

        module.register_forward_pre_hook(hook)

    _, class_ = catching(concept.torch, prepare=lower)
    with torch.no_grad():
        output: torch.Tensor = concept.run_torch(class_, case)
    return output
