"""What a forward pass saves for the backward pass, and the gradients collected there.

Source: Griewank and Walther 2008, Evaluating Derivatives, chapter 3: reverse mode.
Twin:   torch.autograd: `ctx.save_for_backward` and `Tensor.grad`
"""

from collections.abc import Callable
from functools import cache
from inspect import signature
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np

from reference.module import UNLIKE_ARRAYS, Array, Module


class Tape:
    """A stack of what each module saved, and one summed gradient for each parameter.

    Backward takes the modules in reverse, so each finds what it saved on top. Gradients
    of a parameter that is used twice add up, as in PyTorch.

    >>> from reference.primitives.linear import Linear
    >>> double = Linear(1, 1, bias=False)
    >>> double.weight[...] = 2.0
    >>> tape = Tape()
    >>> double(double(np.array([[3.0]]), tape), tape)
    array([[12.]])
    >>> double.backward(double.backward(np.array([[1.0]]), tape), tape)  # 2 * 2
    array([[4.]])
    >>> tape.gradients(double)["weight"]  # d(3 w²)/dw = 6 w
    array([[12.]])
    """

    def __init__(self, saves: bool = True) -> None:
        self._saves = saves
        self._stack: list[tuple[Module, str, SimpleNamespace, dict[str, int]]] = []
        self._sums: dict[int, tuple[Array, Array]] = {}

    def save(self, module: Module, output: Array, **saved: Any) -> None:
        """Put on top what `module` will need to go backward from `output`."""
        if self._saves:
            values = SimpleNamespace(**saved)
            before = checksums(module, values)
            self._stack.append((module, form(output), values, before))

    def snapshot(self, array: Array) -> Array:
        """Copy what may be overwritten before backward, if this tape saves at all."""
        return array.copy() if self._saves else array

    def restore(self, module: Module, grad_output: Array) -> Any:
        """Take off the top what `module` saved, if `grad_output` fits its output.

        Raises:
            RuntimeError: the last forward to be saved was another module's, or an
                argument or a parameter has changed since.
            ValueError: the gradient has another shape or dtype than the output.
        """
        name = type(module).__name__
        if not self._stack or self._stack[-1][0] is not module:
            top = type(self._stack[-1][0]).__name__ if self._stack else "nothing"
            raise RuntimeError(f"backward of {name}, but the tape has {top} on top")
        _, output, saved, before = self._stack[-1]
        if (got := form(grad_output)) != output:
            raise ValueError(f"the gradient of {name} must be {output}, got {got}")
        now = checksums(module, saved)
        if changed := sorted({each for each, _ in before.items() ^ now.items()}):
            raise RuntimeError(f"{changed} of {name} changed between forward, backward")
        self._stack.pop()
        return saved

    def add_gradient(self, parameter: Array, gradient: Array) -> None:
        """Add to the gradient of a parameter, which is known by identity."""
        _, so_far = self._sums.get(id(parameter), (parameter, 0.0))
        self._sums[id(parameter)] = parameter, so_far + gradient

    def gradients(self, module: Module) -> dict[str, Array]:
        """Return the gradient of every parameter by its name in `state_dict`.

        Raises:
            KeyError: backward has not reached a parameter, or it was replaced since.
        """
        parameters = module.state_dict()
        if missing := [n for n, p in parameters.items() if id(p) not in self._sums]:
            raise KeyError(f"the tape has no gradient of {missing}")
        return {name: self._sums[id(p)][1] for name, p in parameters.items()}


NO_TAPE = Tape(saves=False)  # the default: inference holds no intermediate arrays


def checksums(module: Module, saved: SimpleNamespace) -> dict[str, int]:
    """Sum up what a caller could change: arguments that were saved, and parameters."""
    arguments = arguments_of(type(module).forward)
    reachable = {n: v for n, v in vars(saved).items() if n in arguments} | vars(module)
    arrays = {n: v for n, v in reachable.items() if isinstance(v, np.ndarray)}
    return {name: crc32(array.tobytes()) for name, array in arrays.items()}


@cache
def arguments_of(forward: Callable[..., Any]) -> frozenset[str]:
    """Name what `forward` takes; asked anew, it would cost more than the checksums."""
    return frozenset(signature(forward).parameters)


def form(array: Any) -> str:
    """Write dtype and shape, `float64(2, 3)`; of what is no plain array, the type."""
    is_plain = isinstance(array, np.ndarray) and not isinstance(array, UNLIKE_ARRAYS)
    return f"{array.dtype}{array.shape}" if is_plain else type(array).__name__
