"""A module class of PyTorch whose forward runs a part of the reference.

Its constructor, its parameters and their names stay. Autograd meets one function, whose
backward is the one that the reference has by hand.
"""

import inspect
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from parity_tests.kit.against.parts import Gradients, Part, part_of
from parity_tests.kit.against.stand_in import StandIn
from parity_tests.known_mistakes.effect import quiet
from parity_tests.lockstep.backward import as_tuple

CONFIG = "_config_for_diptych"
NOT_IN_NUMPY = (torch.float16, torch.bfloat16)  # these are computed in float32


def changed(own: type[nn.Module], stand_in: StandIn) -> type[nn.Module]:
    """Let the modules of a class run a part in the reference's form."""
    kind: Any = own
    build, own_forward = kind.__init__, kind.forward
    parts: WeakKeyDictionary[nn.Module, Part] = WeakKeyDictionary()

    @wraps(build)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        given = named(build, self, *args, **kwargs)
        vars(self)[CONFIG] = taken(stand_in.part, given)

    @wraps(own_forward)
    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        stand_in.note_run()
        bound = inspect.signature(own_forward).bind(self, *args, **kwargs)
        _, *inputs = (*bound.args, *bound.kwargs.values())
        while inputs and inputs[-1] is None:
            inputs.pop()
        if self not in parts:
            parts[self] = part_of(stand_in, vars(self)[CONFIG])
        return run(parts[self], self, inputs)

    kind.__init__, kind.forward = construct, forward
    return own


def named(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Name the arguments of a call, defaults included.

    >>> named(lambda a, b=2, **more: None, 1, c=3)
    {'a': 1, 'b': 2, 'c': 3}
    """
    signature = inspect.signature(function)
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    found = dict(bound.arguments)
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found |= found.pop(name)
    return found


def taken(part: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Choose the arguments that the constructor of a part takes.

    >>> taken(lambda a, rng: None, {"self": 0, "a": 1, "b": 2})
    {'a': 1}
    >>> taken(lambda a, **more: None, {"self": 0, "a": 1, "b": 2})
    {'a': 1, 'b': 2}
    """
    _, *names = given  # the first is the module itself
    parameters = inspect.signature(part).parameters.values()
    kinds = {each.kind for each in parameters}
    takes_all = inspect.Parameter.VAR_KEYWORD in kinds
    takes = {each.name for each in parameters} - {"rng"}
    return {n: given[n] for n in names if n in takes or takes_all}


def run(part: Part, module: nn.Module, inputs: list[Any]) -> Any:
    """Run a part on the inputs and the parameters of a module."""
    parameters = dict(module.named_parameters(remove_duplicate=False))
    differentiable = [each for each in inputs if is_floating(each)]
    state = {name: as_array(each) for name, each in parameters.items()}
    arrays = [as_array(each) if is_tensor(each) else each for each in inputs]

    def call() -> tuple[Any, Callable[[Any], Iterable[Any]]]:
        with quiet():
            output, backward = part.run(arrays, state, module.training)
        return output, partial(gradients, backward, [*state])

    return ByHand.apply(call, *differentiable, *parameters.values())


def gradients(backward: Gradients, names: list[str], grad_output: Any) -> list[Any]:
    """Return the gradients of the inputs, and of the parameters by their names."""
    with quiet():
        of_inputs, of_parameters = backward(grad_output)
    return [*of_inputs, *(of_parameters.get(name) for name in names)]


class ByHand(torch.autograd.Function):
    """Calls what returns an output, and a function that takes its gradient back."""

    @staticmethod
    def forward(ctx: Any, call: Callable[[], Any], *tensors: Tensor) -> Any:
        """Return the output as tensors like those that went in."""
        output, ctx.by_hand = call()
        ctx.tensors, ctx.several = tensors, isinstance(output, tuple)
        made = tuple(as_tensor(each, tensors) for each in as_tuple(output))
        return made if ctx.several else made[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> Any:
        """Return the gradient of every tensor that went in."""
        given = tuple(map(as_array, grad_outputs))
        found = ctx.by_hand(given if ctx.several else given[0])
        both = zip(found, ctx.tensors, strict=True)
        return None, *(g if g is None else torch.from_numpy(g).to(t) for g, t in both)


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor."""
    return isinstance(value, Tensor)


def is_floating(value: Any) -> bool:
    """Whether a value is a tensor of floating-point numbers."""
    return isinstance(value, Tensor) and value.is_floating_point()


def as_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """Copy a tensor to NumPy; what NumPy has no such numbers for becomes float32."""
    tensor = tensor.detach().cpu()
    array = tensor.float() if tensor.dtype in NOT_IN_NUMPY else tensor
    return array.numpy().copy(order="K")  # dropout draws in the order in memory


def as_tensor(value: Any, like: tuple[Tensor, ...]) -> Any:
    """Make a tensor of an array, where the others are, in their low precision."""
    if not isinstance(value, np.ndarray | np.generic):
        return value
    tensor = torch.from_numpy(np.ascontiguousarray(value).reshape(np.shape(value)))
    if not like:
        return tensor
    tensor = tensor.to(like[0].device)
    return tensor.to(like[0].dtype) if like[0].dtype in NOT_IN_NUMPY else tensor
