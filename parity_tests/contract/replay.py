"""Exact parity of dropout: the reference keeps what PyTorch kept.

NumPy and PyTorch draw from different generators. So a case is run on PyTorch once, and
the mask of every dropout is written down; a generator that replays them then stands in
for the reference's own. On a CPU `F.dropout` of ones shows the mask that it draws for a
tensor of the same shape and layout.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

Mask = np.ndarray[Any, Any]


class Replay:
    """Stands in for a generator: draws 1 where a number is kept, 0 where dropped.

    What is drawn beyond the masks comes from a generator of its own.
    """

    def __init__(self, masks: Sequence[Mask], seed: int):
        self.masks = list(masks)
        self.rest = np.random.default_rng(seed)

    def random(self, shape: tuple[int, ...]) -> Mask:
        """Draw the next mask as numbers in [0, 1]."""
        if not self.masks:
            return self.rest.random(shape)
        return self.masks.pop(0).reshape(shape).astype(float)


def replay(module: Any, masks: Sequence[Mask], seed: int) -> None:
    """Let every module of the reference draw from one replay, in the order of calls."""
    generator = Replay(masks, seed)
    for each in module.modules():
        if hasattr(each, "rng"):
            each.rng = generator


def record_masks(module: nn.Module) -> list[Mask]:
    """Write down, from now on, the mask of every dropout that draws one."""
    masks: list[Mask] = []

    def before(dropout: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        p, state = float(getattr(dropout, "p", 0)), torch.get_rng_state()
        if dropout.training and p > 0:
            masks.append((F.dropout(torch.ones_like(inputs[0]), p) > 0).numpy())
            torch.set_rng_state(state)

    for each in module.modules():
        if isinstance(each, nn.Dropout):
            each.register_forward_pre_hook(before)
    return masks
