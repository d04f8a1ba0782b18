"""Run an implementation on arrays by name, in the process that it has to itself.

A function gets `(inputs, parameters, config)`. A module class of PyTorch is built with
the config, loads the parameters and is called with the inputs; where the gradient of
its output is given, autograd finds the gradients.
"""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.kit.runner import Answer, Asked, Runner

FUNCTIONS = "functions are called as f(inputs, parameters, config)"
MODULES = "modules are built with the arguments of the pair, by keyword"


def is_module(implementation: Any) -> bool:
    """Whether it is a module class; torch is not imported for those without it."""
    torch: Any = sys.modules.get("torch")
    is_class = torch is not None and inspect.isclass(implementation)
    return is_class and issubclass(implementation, torch.nn.Module)


def call(function: Callable[..., Any], rule: str, *args: Any, **kwargs: Any) -> Any:
    """Call a function; where it does not take the arguments, name the rule.

    Raises:
        TypeError: it does not take them.
    """
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except ValueError:  # a builtin without a signature
        pass
    except TypeError as error:
        raise TypeError(f"{error}; {rule}") from None
    return function(*args, **kwargs)


@dataclass(frozen=True)
class Gradients:
    """What came out where gradients were asked for."""

    by_name: Any


def make_object(implementation: Any, request: Asked) -> Any:
    """Build a module class and load the parameters; a function is there already."""
    if not is_module(implementation):
        return implementation
    config = {k: v for k, v in request["config"].items() if k != "training"}
    module = call(implementation, MODULES, **config)
    given = [*request["parameters"].values(), *request["inputs"].values()]
    numbers = filter(floats, map(tensors, given))
    module.to(next((tensor.dtype for tensor in numbers), None))
    load_parameters(module, request)
    return module


def load_parameters(module: Any, request: Asked) -> None:
    """Load the parameters of a request."""
    module.load_state_dict({k: tensors(v) for k, v in request["parameters"].items()})


def call_object(made: Any, request: Asked) -> Any:
    """Call a module, or a function, with the inputs of a request."""
    backward = "grad_output" in request["inputs"]
    if is_module(type(made)):
        if backward:
            return forward_pass(made, request).gradients()
        result = made(*inputs_of(made, request).values())
        several = isinstance(result, tuple)
        return tuple(map(as_array, result)) if several else as_array(result)
    names = ("inputs", "parameters", "config")
    result = call(made, FUNCTIONS, *(request[name] for name in names))
    return Gradients(result) if backward else result


def inputs_of(module: Any, request: Asked) -> dict[str, Any]:
    """Return the inputs as tensors; mode and random numbers are set as well."""
    torch = sys.modules["torch"]
    torch.default_generator.manual_seed(request["seed"])  # of the CPU alone: soon done
    module.train(request["config"]["training"])
    others = ("keep", "grad_output")
    return {k: tensors(v) for k, v in request["inputs"].items() if k not in others}


def tensors(value: Any) -> Any:
    """Make tensors of an array, or of a list of arrays; anything else stays.

    PyTorch takes no negative strides, and warns of what must not be written to.
    """
    if isinstance(value, list):
        return [tensors(each) for each in value]
    if not isinstance(value, np.ndarray):
        return value
    fits = value.flags.writeable and min(value.strides, default=0) >= 0
    return sys.modules["torch"].from_numpy(value if fits else value.copy())


def floats(value: Any) -> bool:
    """Whether a value is a tensor of floating-point numbers."""
    is_tensor = isinstance(value, sys.modules["torch"].Tensor)
    return is_tensor and value.is_floating_point()


def as_array(result: Any) -> Any:
    """Make an array of a tensor; anything else is reported as what it is."""
    is_tensor = isinstance(result, sys.modules["torch"].Tensor)
    return result.detach().numpy() if is_tensor else result


@dataclass(frozen=True)
class ForwardPass:
    """A forward pass from which autograd can run backward: once, and later."""

    leaves: dict[str, Any]
    output: Any
    grad_output: Any

    def gradients(self) -> Gradients:
        """Let autograd run backward, and name the gradients."""
        torch = sys.modules["torch"]
        wanted = [*self.leaves.values()]
        found = torch.autograd.grad(
            self.output, wanted, self.grad_output, materialize_grads=True
        )
        arrays_found = (each.numpy() for each in found)
        return Gradients(dict(zip(self.leaves, arrays_found, strict=True)))


def forward_pass(module: Any, request: Asked) -> ForwardPass:
    """Run a module forward, with gradients wanted of inputs and parameters."""
    inputs = inputs_of(module, request)
    leaves = {**inputs, **dict(module.named_parameters())}
    leaves = {name: leaf for name, leaf in leaves.items() if floats(leaf)}
    for leaf in leaves.values():
        leaf.requires_grad_()
    output = module(*inputs.values())
    return ForwardPass(leaves, output, tensors(request["inputs"]["grad_output"]))


def read_result(result: Any) -> Answer:
    """Read gradients by name, an array, or a tuple of several."""
    if isinstance(result, Gradients):
        return gradient_answer(result.by_name)
    several = isinstance(result, tuple)
    for each in result if several else (result,):
        if wrong := no_array(each):
            return {"trouble": f"returns {wrong}"}
    return {"output": list(result) if several else result}


def gradient_answer(result: Any) -> Answer:
    """Read gradients by name."""
    if not isinstance(result, dict):
        expected = "expected gradients by name, in a dict"
        return {"trouble": f"returns {type(result).__name__}; {expected}"}
    for name, gradient in result.items():
        if wrong := no_array(gradient):
            return {"trouble": f"returns, for the gradient of {name}, {wrong}"}
    return {"gradients": {str(name): gradient for name, gradient in result.items()}}


def no_array(result: Any) -> str | None:
    """Say what there is in the place of an array of numbers."""
    if not isinstance(result, np.ndarray | np.generic):
        return f"{type(result).__name__}; expected a NumPy array"
    return "an array of objects" if result.dtype.hasobject else None


arrays = Runner(make_object, call_object, read_result, load_parameters)


def holds_probability(implementation: Any, request: Asked) -> Answer:
    """Say whether a module keeps the probability of dropout that it was built with."""
    config = request["config"]
    p = config.get("dropout", config.get("drop_rate", config.get("p")))
    modules = make_object(implementation, request).modules()
    values = (value for module in modules for value in vars(module).values())
    return {"output": any(isinstance(value, float) and value == p for value in values)}
