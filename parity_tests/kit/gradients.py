"""Which gradients an implementation is asked for, and what is wrong with their form.

They are those of the inputs that hold floating-point numbers, and of every parameter,
under their own names, for a gradient of the output that the kit draws.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.convention import Request
from parity_tests.contract.pair import Pair
from parity_tests.kit.conventions import translated
from parity_tests.lockstep.backward import differentiable

Array = np.ndarray[Any, Any]
Named = Mapping[str, Array]


def asked_backward(request: Request, grad_output: Any) -> Request:
    """Ask for gradients: the gradient of the output goes in as well."""
    several = isinstance(grad_output, tuple)
    given = list(grad_output) if several else grad_output
    return {**request, "inputs": {**request["inputs"], "grad_output": given}}


def wrong_form(case: Case, request: Request, gradients: Named) -> str | None:
    """Say what is wrong with the form of some gradients, in the names of a request."""
    wanted = {name: case.inputs[name] for name in differentiable(case)}
    wanted |= request["parameters"]
    if missing := [name for name in wanted if name not in gradients]:
        return f"gives no gradient of {', '.join(missing)}"
    if unknown := sorted(gradients.keys() - wanted.keys()):
        return f"gives a gradient of {', '.join(unknown)}, which it was not given"
    for name, array in wanted.items():
        gradient = gradients[name]
        if gradient.dtype.kind != "f" or gradient.shape != array.shape:
            form, right = (
                f"{each.dtype} of shape {each.shape}" for each in (gradient, array)
            )
            return f"gives a gradient of {name} in {form}, expected {right}"
    return None  # whether its dtype is right is said with whether its values are


def restored(
    pair: Pair, conventions: Collection[str], case: Case, gradients: Named
) -> dict[str, Array]:
    """Lay gradients of the parameters out as the reference does.

    Conventions move numbers about. They are asked where each number of a parameter
    would be, and the gradient that is found there belongs to it.
    """
    indices: dict[str, Array] = {}
    size = 0
    for name, array in case.parameters.items():
        indices[name] = size + np.arange(array.size).reshape(array.shape)
        size += array.size
    request = {"inputs": {}, "parameters": indices}
    moved = translated(pair, conventions, request)["parameters"]
    dtypes = sorted({gradients[name].dtype for name in moved})
    row = np.zeros(size, np.result_type(float, *dtypes))
    kind = np.zeros(size, int)  # which of the dtypes each number has
    for name, at in moved.items():
        row[at], kind[at] = gradients[name], dtypes.index(gradients[name].dtype)
    own = {name: gradients[name] for name in gradients if name not in moved}
    return own | {
        name: row[at].astype(dtypes[kind[at].max(initial=0)])
        for name, at in indices.items()
    }
