"""Run an implementation on arrays by name, in the process that it has to itself.

A function gets `(inputs, parameters, config)`. A module class of PyTorch is built with
the config, loads the parameters and is called with the inputs; where the gradient of
its output is given, autograd finds the gradients.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Answer = dict[str, Any]
FUNCTIONS = "functions are called as f(inputs, parameters, config)"
MODULES = "modules are built with the arguments of the pair, by keyword"


def arrays(implementation: Any, request: dict[str, Any]) -> Answer:
    """Run a function or a module class; read what it returns."""
    if is_module(implementation):
        result = run_module(implementation, request)
    else:
        names = ("inputs", "parameters", "config")
        result = call(implementation, FUNCTIONS, *(request[name] for name in names))
    reads = gradient_answer if "grad_output" in request["inputs"] else array_answer
    return reads(result)


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


def run_module(implementation: Any, request: dict[str, Any]) -> Any:
    """Build a module class, load the parameters, and call it with the inputs."""
    torch = sys.modules["torch"]
    config = {k: v for k, v in request["config"].items() if k != "training"}
    given = {k: tensors(v) for k, v in request["inputs"].items() if k != "keep"}
    grad_output = given.pop("grad_output", None)
    state = {k: tensors(v) for k, v in request["parameters"].items()}
    module = call(implementation, MODULES, **config)
    numbers = filter(floats, [*state.values(), *given.values()])
    module.to(next((tensor.dtype for tensor in numbers), None))
    module.load_state_dict(state)
    torch.default_generator.manual_seed(request["seed"])  # of the CPU alone: soon done
    module.train(request["config"]["training"])
    if grad_output is not None:
        return autograd(module, given, grad_output)
    result = module(*given.values())
    several = isinstance(result, tuple)
    return tuple(map(as_array, result)) if several else as_array(result)


def tensors(value: Any) -> Any:
    """Make tensors of an array, or of a list of arrays; anything else stays."""
    if isinstance(value, list):
        return [tensors(each) for each in value]
    is_array = isinstance(value, np.ndarray)
    return sys.modules["torch"].from_numpy(value) if is_array else value


def floats(value: Any) -> bool:
    """Whether a value is a tensor of floating-point numbers."""
    is_tensor = isinstance(value, sys.modules["torch"].Tensor)
    return is_tensor and value.is_floating_point()


def as_array(result: Any) -> Any:
    """Make an array of a tensor; anything else is reported as what it is."""
    is_tensor = isinstance(result, sys.modules["torch"].Tensor)
    return result.detach().numpy() if is_tensor else result


def autograd(module: Any, inputs: dict[str, Any], grad_output: Any) -> Answer:
    """Run a module forward, let autograd run backward, and name the gradients."""
    torch = sys.modules["torch"]
    leaves = {**inputs, **dict(module.named_parameters())}
    leaves = {name: leaf for name, leaf in leaves.items() if floats(leaf)}
    for leaf in leaves.values():
        leaf.requires_grad_()
    output = module(*inputs.values())
    wanted = [*leaves.values()]
    found = torch.autograd.grad(output, wanted, grad_output, materialize_grads=True)
    return dict(zip(leaves, (each.numpy() for each in found), strict=True))


def array_answer(result: Any) -> Answer:
    """Read an array, or a tuple of several."""
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
