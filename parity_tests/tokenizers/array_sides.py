"""The parts that tokenizers are made of, on either side: lists in, lists out."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from parity_tests.lockstep import Comparison, compare_in_lockstep


@dataclass(frozen=True)
class ArraySide:
    """One side's modules, and its arrays."""

    package: str

    def __call__(self, module: str) -> Any:
        """Return this side's module of that name."""
        return import_module(f"{self.package}.tokenizers.{module}")

    def array(self, values: Any, dtype: str = "int64") -> Any:
        """Make this side's array of numbers."""
        array = np.array(values, dtype)
        return array if self.package == "reference" else torch.from_numpy(array)

    def points(self, text: str) -> Any:
        """Read a text as code points."""
        return self.array([ord(character) for character in text])

    def data(self, words: list[bytes]) -> tuple[Any, Any, Any]:
        """Lay words end to end: their bytes, where each begins, and how long it is."""
        lengths = np.array([len(word) for word in words], np.int64)
        joined = list(b"".join(words))
        starts = np.cumsum(lengths) - lengths
        return self.array(joined, "uint8"), self.array(starts), self.array(lengths)


REFERENCE, TORCH = ArraySide("reference"), ArraySide("torch_impl")

each_side = pytest.mark.parametrize("side", [REFERENCE, TORCH], ids=lambda s: s.package)


def in_lockstep(
    run: Callable[[ArraySide], Any], default_device: str = "meta"
) -> Comparison:
    """Run the same on both sides and compare every numbered step.

    What torch makes must be where its arrays are: on `meta`, by default the default
    device, it would have no values.
    """

    def run_torch() -> Any:
        with torch.device(default_device):
            return run(TORCH)

    return compare_in_lockstep(lambda: run(REFERENCE), run_torch, {})


def refusal(run: Callable[[ArraySide], Any], side: ArraySide) -> tuple[type, str]:
    """Return the type and the text of the error that a side raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller says which
        run(side)
    return caught.type, str(caught.value)
