"""A function of `(inputs, parameters, config)` that runs a part of the reference."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch

from parity_tests.contract.case import Array, Case
from parity_tests.kit.against.stand_in import StandIn
from parity_tests.kit.arrays import adapter_of
from parity_tests.known_mistakes.effect import quiet
from parity_tests.lockstep.backward import reference_backward

Named = dict[str, Any]


def changed(own: Callable[..., Any], stand_in: StandIn) -> Callable[..., Any]:
    """Return a function in the place of someone's own."""

    @wraps(own)
    def function(inputs: Named, parameters: Named, config: Named) -> Any:
        stand_in.note_run()
        case = case_of(inputs, parameters, config)
        with quiet(), torch.random.fork_rng(devices=[]):
            if case.grad_output is None:
                return adapter_of(stand_in.pair).answer(
                    stand_in.pair, case, stand_in.part
                )
            gradients = reference_backward(stand_in.pair, case, stand_in.part)
            return dict(gradients.gradients)

    return function


def case_of(inputs: Named, parameters: Named, config: Named) -> Case:
    """Make a case of what a function is called with.

    >>> case = case_of({"x": 1, "keep": 2}, {}, {"dropout": 0.5, "training": True})
    >>> case.inputs, case.masks, case.config, case.training
    ({'x': 1}, (2,), {'dropout': 0.5}, True)
    """
    inputs, config = dict(inputs), dict(config)
    keep, grad_output = inputs.pop("keep", None), inputs.pop("grad_output", None)
    training = bool(config.pop("training", False))
    masks = None if keep is None else as_tuple(keep)
    if isinstance(grad_output, list):
        grad_output = tuple(grad_output)
    return Case(config, inputs, parameters, training, 0, grad_output, masks)


def as_tuple(keep: Array | list[Array]) -> tuple[Array, ...]:
    """Return the masks of all dropouts; one goes without a list."""
    return tuple(keep) if isinstance(keep, list) else (keep,)
