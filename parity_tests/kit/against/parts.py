"""A part of the reference, or a mistaken one, made ready to run on arrays."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import isclass, signature
from typing import Any, Protocol

import torch

from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Array, Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.against.draws import draw_as_torch
from parity_tests.kit.against.stand_in import StandIn
from parity_tests.kit.running import MODULES, call
from parity_tests.lockstep.backward import as_tuple, function_backward
from reference.tape import Tape

State = Mapping[str, Array]
Gradients = Callable[[Any], tuple[Iterable[Any], Mapping[str, Any]]]
"""Takes the gradient of an output to those of the inputs, and of the parameters."""


class Part(Protocol):
    """Runs forward, and returns what will run backward as well."""

    def run(self, inputs: list[Any], state: State, training: bool) -> Any:
        """Return the output, and a function of its gradient."""


def part_of(stand_in: StandIn, config: Mapping[str, Any]) -> Part:
    """Build a module of the reference, or take a function as it is."""
    if not isclass(stand_in.part):
        return OfFunction(stand_in.pair, stand_in.part, config)
    call(stand_in.part, MODULES, **config)  # which says it if it does not take these
    with torch.random.fork_rng(devices=[]):  # to build it seeds PyTorch
        return OfModule(stand_in.pair.build(REFERENCE, Case(config, {}), stand_in.part))


@dataclass(frozen=True)
class OfModule:
    """A module, which stays the same from call to call."""

    module: Any

    def run(self, inputs: list[Any], state: State, training: bool) -> Any:
        """Load the parameters, draw dropout masks as PyTorch does, and run forward."""
        module, tape = self.module, Tape()
        for array in [*state.values()][:1]:
            module.to(array.dtype.type)
        missing, _ = module.load_state_dict(state, strict=False)
        if missing:
            raise RuntimeError(f"the module has no parameters {', '.join(missing)}")
        draw_as_torch(module.train(training), inputs)
        if not hasattr(module, "backward"):
            return module(*inputs), None

        def backward(grad_output: Any) -> Any:
            of_inputs = as_tuple(module.backward(grad_output, tape))
            floats = [each for each in of_inputs if each is not None]
            return floats, tape.gradients(module)

        return module(*inputs, tape=tape), backward


@dataclass(frozen=True)
class OfFunction:
    """A function, whose backward stands beside it."""

    pair: Pair
    function: Any
    config: Mapping[str, Any]

    def run(self, inputs: list[Any], state: State, training: bool) -> Any:
        """Run forward."""
        named = dict(zip(signature(self.function).parameters, inputs, strict=False))
        case = Case(self.config, named)

        def backward(grad_output: Any) -> Any:
            given = replace(case, grad_output=grad_output)
            found = function_backward(self.pair, given, self.function).gradients
            return found.values(), {}

        return self.function(*inputs, **self.config), backward
