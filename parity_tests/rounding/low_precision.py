"""PyTorch in bfloat16 or float16, which is compared with the truth by the same measure.

NumPy has no bfloat16, so the numbers of a case are those that the low precision can
hold, in arrays of float64.
"""

import inspect
from functools import partial
from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Array, Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import as_tuple, differentiable
from parity_tests.rounding.expected import taken
from parity_tests.rounding.units import Quantities, floating_in, rounding_units

MOST_HALVINGS = 60


def judge_in(pair: Pair, case: Case, dtype: str) -> Agreement:
    """Compare PyTorch in a low precision with the reference in float64.

    The inputs of a case are halved until nothing overflows in that precision, and
    until rounding does not make exponentials overflow in the runs that measure it.

    Raises:
        ValueError: they overflow however small the inputs are, as where a square root
            is taken of what that precision takes for zero.
    """

    def run(case: Case) -> Quantities:
        return {"result": floating_in(pair.call(REFERENCE, case))}

    case = pair.with_masks(case.map(partial(nearest, dtype=dtype)))
    for _ in range(MOST_HALVINGS):
        units = rounding_units(case, dtype, run(case), run)["result"]
        twice = run_torch_in(pair, times(case, 2), dtype)
        if all((unit > 0).all() for unit in units) and all_finite(twice):
            break
        case = times(case, 0.5)
    else:
        raise ValueError(f"rounding of {pair} cannot be measured in {dtype}")
    truth, output = pair.call(REFERENCE, case), run_torch_in(pair, case, dtype)
    return compare(truth, output, taken(truth, iter(units)), dtype)


def run_torch_in(pair: Pair, case: Case, dtype: str) -> Any:
    """Run a case on PyTorch with its inputs and parameters in a precision."""
    low = getattr(torch, dtype)
    inputs = [
        value.to(low) if torch.is_tensor(value) and value.is_floating_point() else value
        for value in map(TORCH.own, case.inputs.values())
    ]
    part = pair.part(TORCH)
    with torch.no_grad():
        if inspect.isclass(part):
            return pair.build(TORCH, case).to(low)(*inputs)
        return part(*inputs, **case.config)


def nearest(array: Array, dtype: str) -> Array:
    """Round numbers to a precision, and hold them in float64."""
    low = torch.from_numpy(np.array(array)).to(getattr(torch, dtype))
    return low.double().numpy()


def times(case: Case, factor: float) -> Case:
    """Multiply the floating-point inputs of a case; ids and masks stay as they are."""
    inputs = dict(case.inputs)
    for name in differentiable(case):
        inputs[name] = inputs[name] * factor
    return case.with_inputs(**inputs)


def all_finite(output: Any) -> bool:
    """Whether nothing has overflowed, in one output or in several."""
    return all(bool(each.isfinite().all()) for each in as_tuple(output))
