"""Build models without drawing parameters that are replaced at once.

Memory that nobody writes to is not taken. Buffers are made as always, which they would
not be on PyTorch's device `meta`.
"""

from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

DRAWS = (torch.Tensor.uniform_, torch.Tensor.normal_)


class UndrawnArrays(np.random.Generator):
    """A generator whose arrays hold anything."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64())

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
        """Return an array that holds anything."""
        return np.empty(size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None) -> Any:
        """Return an array that holds anything."""
        return np.empty(size)


class UndrawnTensors(TorchFunctionMode):
    """Within it, tensors that are to be drawn stay as they are."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Leave out what draws."""
        return args[0] if func in DRAWS else func(*args, **(kwargs or {}))
