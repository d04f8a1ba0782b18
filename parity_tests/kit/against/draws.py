"""Let dropout in the reference draw what `nn.Dropout` draws from PyTorch's generator.

So a test that seeds PyTorch finds the same numbers dropped.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F


class TorchDraws:
    """Stands in for a generator: draws 1 where a number is left, 0 where dropped."""

    def __init__(self, p: float, dtype: torch.dtype, state: Any = None):
        self.p, self.dtype, self.state = p, dtype, state

    def random(self, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Draw a mask, as numbers in [0, 1]."""
        if self.state is not None:
            torch.set_rng_state(self.state)
        left = F.dropout(torch.ones(shape, dtype=self.dtype), self.p) > 0
        if self.state is not None:
            self.state = torch.get_rng_state()
        return left.numpy().astype(float)

    def __deepcopy__(self, memo: dict[int, Any]) -> "TorchDraws":
        """Draw from here on what the original would draw next."""
        state = torch.get_rng_state() if self.state is None else self.state
        return TorchDraws(self.p, self.dtype, state)


def draw_as_torch(module: Any, inputs: Iterable[Any]) -> None:
    """Let every dropout of a module draw from PyTorch's generator."""
    arrays = (each for each in inputs if isinstance(each, np.ndarray))
    dtype = next((each.dtype for each in arrays if each.dtype.kind == "f"), np.float32)
    for each in module.modules():
        p = vars(each).get("dropout", vars(each).get("p"))
        if hasattr(each, "rng") and isinstance(p, float | int):
            each.rng = TorchDraws(float(p), getattr(torch, np.dtype(dtype).name))
