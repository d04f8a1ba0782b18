"""The process that other people's code runs in, so that it cannot harm the kit."""

import importlib
import inspect
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from parity_tests import border
from parity_tests.kit.printed import Printed

Answer = dict[str, Any]


def serve(connection: Connection, target: str) -> None:
    """Load `module:name`, say what it is, then answer one request after another."""
    printed = Printed()
    try:
        run = runner(load(target))
    except BaseException as error:
        connection.send_bytes(border.write({"trouble": said(error)}))
        return
    connection.send_bytes(border.write({"loaded": run.__name__}))
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        answer = attempt(run, message)
        answer["printed"] = printed.taken()
        connection.send_bytes(border.write(answer))


def load(target: str) -> Any:
    """Import what `module:name` names; the name may have dots.

    Raises:
        ValueError: `target` has no colon.
    """
    module, colon, name = target.partition(":")
    if not colon:
        raise ValueError(f"an implementation is named module:name, got {target}")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def runner(implementation: Any) -> Callable[[dict[str, Any]], Any]:
    """Choose how to run it: a module class, or a function or factory."""
    torch: Any = sys.modules.get("torch")  # not imported for those that do without

    def module(request: dict[str, Any]) -> Any:
        return run_module(implementation, request)

    def function(request: dict[str, Any]) -> Any:
        return implementation(request["inputs"], request["weights"], request["config"])

    def factory(request: dict[str, Any]) -> Any:
        tokenizer = implementation(**tables(request["make"]))
        ids = tokenizer.encode(request["text"])
        return ids, tokenizer.decode(ids)

    is_class = torch is not None and inspect.isclass(implementation)
    if is_class and issubclass(implementation, torch.nn.Module):
        return module
    if not callable(implementation):
        raise TypeError(f"{type(implementation).__name__} cannot be called")

    def called(request: dict[str, Any]) -> Any:
        return factory(request) if "make" in request else function(request)

    return called


def run_module(implementation: Any, request: dict[str, Any]) -> Any:
    """Build a module class, load the weights, and send the input through.

    Where the gradient of the output is given, autograd goes the way back.
    """
    torch = sys.modules["torch"]
    config = {k: v for k, v in request["config"].items() if k != "training"}
    given = {k: torch.from_numpy(v) for k, v in request["inputs"].items()}
    given.pop("keep", None)
    grad_output = given.pop("grad_output", None)
    inputs = [*given.values()]
    state = {k: torch.from_numpy(v) for k, v in request["weights"].items()}
    made = implementation(**config)
    made.to(next((v.dtype for v in [*state.values(), *inputs]), None))
    made.load_state_dict(state)
    torch.default_generator.manual_seed(request["seed"])  # of the CPU alone: soon done
    made.train(request["config"]["training"])
    if grad_output is not None:
        return autograd(made, given, grad_output)
    result = made(*inputs)
    return result.detach().numpy() if isinstance(result, torch.Tensor) else result


def autograd(module: Any, inputs: dict[str, Any], grad_output: Any) -> dict[str, Any]:
    """Send inputs through a module and back; name the gradients that are found."""
    torch = sys.modules["torch"]
    leaves = {**inputs, **dict(module.named_parameters())}
    leaves = {k: v for k, v in leaves.items() if v.is_floating_point()}
    for leaf in leaves.values():
        leaf.requires_grad_()
    gradients = torch.autograd.grad(
        module(*inputs.values()),
        [*leaves.values()],
        grad_output,
        materialize_grads=True,
    )
    return dict(zip(leaves, (each.numpy() for each in gradients), strict=True))


def tables(make: dict[str, Any]) -> dict[str, Any]:
    """Give a factory its arguments as they are promised: dicts, and pairs as tuples."""
    pairs = {name: [(one, other) for one, other in rows] for name, rows in make.items()}
    return {
        name: rows if name == "merges" else dict(rows) for name, rows in pairs.items()
    }


def attempt(run: Callable[[dict[str, Any]], Any], message: bytes) -> Answer:
    """Run one request; say what came out, or what went wrong."""
    request = border.read(message)
    try:
        result = run(request)
    except BaseException as error:
        return {"trouble": said(error)}
    if changed(request, message):
        return {"trouble": "changes its inputs"}
    if "make" in request:
        return token_answer(result)
    if "grad_output" in request["inputs"]:
        return gradient_answer(result)
    trouble = trouble_with(result)
    return {"trouble": f"returns {trouble}"} if trouble else {"output": result}


def trouble_with(result: Any) -> str | None:
    """Say what is there in the place of an array of numbers."""
    if not isinstance(result, np.ndarray):
        return f"{type(result).__name__}, where an array is due"
    return "an array of objects" if result.dtype.hasobject else None


def gradient_answer(result: Any) -> Answer:
    """Read gradients by name."""
    if not isinstance(result, dict):
        due = "where gradients by name are due"
        return {"trouble": f"returns {type(result).__name__}, {due}"}
    for name, gradient in result.items():
        if trouble := trouble_with(gradient):
            return {"trouble": f"gives for the gradient of {name} {trouble}"}
    return {"gradients": {str(name): gradient for name, gradient in result.items()}}


def changed(request: dict[str, Any], message: bytes) -> bool:
    """Tell whether a request is no longer what the message said."""
    try:
        return border.write(request) != message
    except (TypeError, ValueError):  # it holds something that was not in it
        return True


def token_answer(result: tuple[Any, Any]) -> Answer:
    """Read ids and text as a tokenizer gave them."""
    ids, text = result
    if not isinstance(text, str):
        return {"trouble": f"decodes to {type(text).__name__}, where text is due"}
    try:
        row = np.asarray(list(ids))
    except TypeError:
        return {"trouble": f"encodes to {type(ids).__name__}, where ids are due"}
    if row.size and row.dtype.kind not in "iu":
        return {"trouble": f"encodes to {row.dtype}, where whole numbers are due"}
    return {"output": row.astype(np.int64), "text": text}


def said(error: BaseException) -> str:
    """Say an exception in one line."""
    return f"raises {type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2])
