"""Run a case forward and backward, on the reference and by autograd."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.recording import Recording, record
from reference.tape import Tape

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Backward:
    """The gradient of what came out, and those of what went in, by name.

    `recording` has the steps of the backward pass.
    """

    grad_output: Any
    gradients: Mapping[str, Array]
    recording: Recording


def reference_backward(
    pair: Pair, case: Case, part: Any = None, steps: bool = True
) -> Backward:
    """Run the reference (or `part`) forward, and backward from a drawn gradient.

    Without `steps` a module is not traced, which takes a third of the time.
    """
    part = part or pair.part(REFERENCE)
    if not inspect.isclass(part):
        return function_backward(pair, case, part)
    module, tape = pair.build(REFERENCE, case, part), Tape()
    output = module(*case.inputs.values(), tape=tape)
    grad_output = gradient_for(case, output)
    package = part.__module__.partition(".")[0]
    call = partial(module.backward, grad_output, tape)
    run = record(package, call) if steps else Recording(package, result=call())
    gradients = by_input(case, run.result) | tape.gradients(module)
    return Backward(grad_output, gradients, run)


def function_backward(pair: Pair, case: Case, part: Any) -> Backward:
    """Run a function and its backward, which takes by name what the forward made."""
    module = inspect.getmodule(part)
    package = part.__module__.partition(".")[0]
    forward = record(package, partial(pair.call, REFERENCE, case, part))
    grad_output = gradient_for(case, forward.result)
    made = {**case.inputs, **case.config}
    for snapshot in forward.invocations[0].snapshots:
        made |= snapshot.values
    backward = getattr(module, f"{part.__name__}_backward")
    _, *needed = inspect.signature(backward).parameters
    kwargs = {name: made[name] for name in needed}
    run = record(package, partial(backward, grad_output, **kwargs))
    return Backward(grad_output, by_input(case, run.result), run)


def by_input(case: Case, gradients: Any) -> dict[str, Array]:
    """Name the gradients of what went in; ids and masks have none."""
    names = differentiable(case)
    return dict(zip(names, as_tuple(gradients), strict=True)) if names else {}


def differentiable(case: Case) -> list[str]:
    """Name the inputs that hold floating-point numbers."""
    return [
        name
        for name, value in case.inputs.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    ]


def gradient_for(case: Case, output: Any) -> Any:
    """Draw the gradient of some loss for what came out, unless the case has it."""
    if case.grad_output is not None:
        return case.grad_output
    rng = case.stream("gradient of the output")
    if isinstance(output, tuple):
        return tuple(np.asarray(rng.normal(size=o.shape), o.dtype) for o in output)
    return np.asarray(rng.normal(size=output.shape), output.dtype)


@dataclass(frozen=True)
class Forward:
    """A forward pass of PyTorch with its tensors alive, and what autograd ends at."""

    recording: Recording
    leaves: Mapping[str, torch.Tensor]


def torch_forward(pair: Pair, case: Case) -> Forward:
    """Record PyTorch's forward; its input's gradient is wanted too."""
    part, inputs = pair.part(TORCH), dict(TORCH.own(dict(case.inputs)))
    for name in differentiable(case):
        inputs[name] = inputs[name].clone().requires_grad_()
    leaves = {name: inputs[name] for name in differentiable(case)}
    if inspect.isclass(part):
        part = pair.build(TORCH, case)
        leaves |= dict(part.named_parameters())
        call = partial(part, *inputs.values())
    else:
        call = partial(part, *inputs.values(), **case.config)
    return Forward(record("torch_impl", call, live=True), leaves)


def torch_result(pair: Pair, case: Case, leaves: Mapping[str, torch.Tensor]) -> Any:
    """Run PyTorch's forward with other inputs and parameters, by name."""
    own = TORCH.own(dict(case.inputs))
    inputs = [leaves.get(name, value) for name, value in own.items()]
    part = pair.part(TORCH)
    if not inspect.isclass(part):
        return part(*inputs, **case.config)
    module = pair.build(TORCH, case)
    parameters = {n: v for n, v in leaves.items() if n not in own}
    return torch.func.functional_call(module, parameters, tuple(inputs))


def autograd(output: Any, of: list[torch.Tensor], grad_output: Any) -> list[Any]:
    """Ask autograd; what has no influence on the output has a gradient of zero."""
    grads = [TORCH.array(grad) for grad in as_tuple(grad_output)]
    return [*torch.autograd.grad(as_tuple(output), of, grads, materialize_grads=True)]


def as_tuple(outputs: Any) -> tuple[Any, ...]:
    """Return several outputs as they are, and one as a tuple of one."""
    return outputs if isinstance(outputs, tuple) else (outputs,)
