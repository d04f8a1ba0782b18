"""Run a case and have the module in hand, to go back through it or to prepare it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from parity_tests.case import Case
from parity_tests.recording import Recording, record

if TYPE_CHECKING:
    from parity_tests.concept import Concept

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class WayBack:
    """The gradient of what came out, and those of what went in, by name."""

    grad_output: Array
    gradients: Mapping[str, Array]


def reference_backward(
    concept: "Concept", case: Case, reference: Any = None
) -> tuple[Array, Recording]:
    """Run the reference forward, and record how it goes back from a drawn gradient."""
    reference = reference or concept.reference
    package = reference.__module__.partition(".")[0]
    module, output = run_forward(concept, case, reference)
    grad_output = gradient_for(case, output)
    return grad_output, record(package, lambda: module.backward(grad_output))


def way_back(concept: "Concept", case: Case, reference: Any = None) -> WayBack:
    """Run the reference forward, and back again from a drawn gradient."""
    module, output = run_forward(concept, case, reference or concept.reference)
    grad_output = gradient_for(case, output)
    return WayBack(grad_output, module.backward(grad_output))


def reference_gradients(
    concept: "Concept", case: Case, grad_output: Array
) -> dict[str, Array]:
    """Run the reference forward, and back again from a gradient of one's own."""
    module, _ = run_forward(concept, case, concept.reference)
    gradients: dict[str, Array] = module.backward(grad_output)
    return gradients


def run_forward(concept: "Concept", case: Case, reference: Any) -> tuple[Any, Array]:
    """Run a class of the reference; return the module as well as what came out."""
    built, class_ = catching(reference)
    output = concept.run_reference(class_, case)
    return built[0], output


def torch_forward(concept: "Concept", case: Case) -> tuple[torch.nn.Module, Recording]:
    """Record the twin's forward with its tensors alive, the input's gradient wanted."""
    built, class_ = catching(concept.torch, prepare=want_gradient_of_input)
    run = record("torch_impl", lambda: concept.run_torch(class_, case), live=True)
    return built[0], run


def catching(
    class_: Any, prepare: Callable[[Any], Any] = lambda module: None
) -> tuple[list[Any], Any]:
    """Return a list, and what builds modules of a class and puts each on that list."""
    built: list[Any] = []

    @wraps(class_)
    def build(*args: Any, **kwargs: Any) -> Any:
        built.append(class_(*args, **kwargs))
        prepare(built[-1])
        return built[-1]

    return built, build


def want_gradient_of_input(module: torch.nn.Module) -> None:
    """Let autograd know the input; ids have no gradient."""

    def hook(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].is_floating_point():
            inputs[0].requires_grad_()

    module.register_forward_pre_hook(hook)


def gradient_for(case: Case, output: Array) -> Array:
    """Draw the gradient of some loss for what came out of a case."""
    drawn = case.stream("gradient of the output").normal(size=output.shape)
    return np.asarray(drawn, output.dtype)
