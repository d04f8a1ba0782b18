"""Let dropout in the reference draw what `nn.Dropout` draws from PyTorch's generator.

So a test that seeds PyTorch finds the same numbers dropped.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

Array = np.ndarray[Any, Any]


class TorchDraws:
    """Stands in for a generator: draws 1 where a number is left, 0 where dropped.

    PyTorch draws by the dtype of what is dropped, and in the order in which that is in
    memory: that of an input, if an input is dropped.
    """

    def __init__(self, p: float, inputs: Sequence[Array], state: Any = None):
        self.p, self.inputs, self.state = p, inputs, state

    def random(self, shape: tuple[int, ...]) -> Array:
        """Draw a mask, as numbers in [0, 1]."""
        if self.state is not None:
            torch.set_rng_state(self.state)
        kind = self.inputs[0].dtype if self.inputs else np.float32
        same = (each for each in self.inputs if each.shape == shape)
        ones = np.ones_like(next(same, np.empty(shape, kind)))
        left = F.dropout(torch.from_numpy(ones), self.p) > 0
        if self.state is not None:
            self.state = torch.get_rng_state()
        return left.numpy().astype(float)

    def __deepcopy__(self, memo: dict[int, Any]) -> "TorchDraws":
        """Draw from here on what the original would draw next."""
        state = torch.get_rng_state() if self.state is None else self.state
        return TorchDraws(self.p, self.inputs, state)


def draw_as_torch(module: Any, inputs: Sequence[Any]) -> None:
    """Let every dropout of a module draw from PyTorch's generator."""
    arrays = [each for each in inputs if isinstance(each, np.ndarray)]
    floats = [each for each in arrays if each.dtype.kind == "f"]
    for each in module.modules():
        p = vars(each).get("dropout", vars(each).get("p"))
        if hasattr(each, "rng") and isinstance(p, float | int):
            each.rng = TorchDraws(float(p), floats)
