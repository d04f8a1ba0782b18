"""The two backends: how each builds a part, and what kind of array it takes."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jaxtyping
import numpy as np
import torch

from parity_tests.contract.case import Case


@dataclass(frozen=True)
class Backend:
    """A package with one implementation of each pair."""

    name: str
    package: str
    array: Callable[[np.ndarray[Any, Any]], Any]

    def own(self, value: Any) -> Any:
        """Make every array in a value the backend's own kind of array."""
        if isinstance(value, dict):
            return {name: self.own(entry) for name, entry in value.items()}
        return self.array(value) if isinstance(value, np.ndarray) else value

    def build(self, part: Any, case: Case, **more: Any) -> Any:
        """Build a module with the parameters of a case, in the dtype of the case."""
        module = part(**case.config, **more)
        is_so = self is REFERENCE and case.dtype == "float64"  # as it was built
        if case.dtype and not is_so:
            module.to(getattr(torch if self is TORCH else np, case.dtype))
        if case.parameters:
            module.load_state_dict(self.own(dict(case.parameters)))
        if self is REFERENCE:
            keep_kind(module, case.parameters)
        seed_torch(case.seed)
        return module.train(case.training)

    def __str__(self) -> str:
        return self.name


def tensor(array: np.ndarray[Any, Any]) -> torch.Tensor:
    """Make a tensor of an array; PyTorch takes no negative strides, no read-only ones.

    >>> tensor(np.arange(3)[::-1])
    tensor([2, 1, 0])
    """
    fits = array.flags.writeable and min(array.strides, default=0) >= 0
    return torch.from_numpy(array if fits else array.copy())


REFERENCE = Backend("reference", "reference", lambda array: array)
TORCH = Backend("torch", "torch_impl", tensor)
BACKENDS = (REFERENCE, TORCH)


def keep_kind(module: Any, parameters: Mapping[str, Any]) -> None:
    """Let parameters of a subclass of arrays (rounding/moved.py) stay what they are."""
    owners = dict(module.named_modules())
    for name, array in parameters.items():
        if type(array) is not np.ndarray:
            path, _, last = name.rpartition(".")
            setattr(owners[path], last, array)


def seed_torch(seed: int) -> None:
    """Seed what PyTorch draws on the CPU; `torch.manual_seed` visits every device."""
    torch.default_generator.manual_seed(seed)


@lru_cache(maxsize=256)
def arguments_of(part: Any) -> frozenset[str]:
    """Name the arguments of a constructor, or of a function."""
    return frozenset(inspect.signature(part).parameters)


@contextmanager
def unchecked() -> Iterator[None]:
    """Run without the checks of shapes, which cost more than what they check.

    Where the two backends are compared step by step, they are on.
    """
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.jaxtyping_disable = True
    try:
        yield
    finally:
        jaxtyping.config.jaxtyping_disable = before
