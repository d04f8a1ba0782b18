"""What a `backward` needs: what its `forward` made, and names for what it returns.

A `backward` takes the gradient of a loss with respect to what `forward` returned last,
and returns its gradients with respect to what went into it: the input as "x", every
weight under its name in `state_dict`. Its steps undo those of `forward`, the last one
first.

Source: Rumelhart, Hinton and Williams 1986, "Learning representations by
        back-propagating errors", https://doi.org/10.1038/323533a0, equations 4 to 7.
Twin:   torch.autograd
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from reference.module import Module
from reference.refusals import refuse_no_array


def recalled(module: Module, grad_output: Float[np.ndarray, "..."]) -> tuple[Any, ...]:
    """Return what the module's `forward` made last, its result at the end.

    The arrays are those that `forward` worked with: they must not have been changed.

    >>> recalled(Module(), np.ones(2))
    Traceback (most recent call last):
    RuntimeError: backward undoes forward, which Module has not run

    Raises:
        RuntimeError: `forward` has not run.
        TypeError: the gradient is no array, or has another dtype than the result.
        ValueError: the gradient has another shape than the result.
    """
    if not hasattr(module, "_made"):
        name = type(module).__name__
        raise RuntimeError(f"backward undoes forward, which {name} has not run")
    refuse_no_array(grad_output=grad_output)
    made: tuple[Any, ...] = module._made
    shape, dtype = made[-1].shape, made[-1].dtype
    if grad_output.dtype != dtype:
        raise TypeError(f"grad_output must hold {dtype}, got {grad_output.dtype}")
    if grad_output.shape != shape:
        raise ValueError(
            f"grad_output must have shape {shape}, got {grad_output.shape}"
        )
    return made


def dotted(
    parts: Mapping[str, Mapping[str, Float[np.ndarray, "..."]]],
) -> dict[str, Float[np.ndarray, "..."]]:
    """Name the gradients of a module's parts as its state does, inputs left out.

    >>> dotted({"W_key": {"x": np.array(1.0), "weight": np.array(2.0)}})
    {'W_key.weight': array(2.)}
    """
    return {
        f"{part}.{name}": gradient
        for part, gradients in parts.items()
        for name, gradient in gradients.items()
        if name != "x"
    }
