"""The book's example: six tokens, and the parameters that it draws for them."""

from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import TORCH
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair

BOOK = np.array(
    [
        [0.43, 0.15, 0.89],
        [0.55, 0.87, 0.66],
        [0.57, 0.85, 0.64],
        [0.22, 0.58, 0.33],
        [0.77, 0.25, 0.10],
        [0.05, 0.80, 0.55],
    ],
    dtype=np.float32,
)
"""The six tokens that every attention section of the book works with."""

BATCH = np.stack([BOOK, BOOK])


def seeded(pair: Pair, seed: int, x: np.ndarray[Any, Any], **config: Any) -> Case:
    """Return a case with the parameters that PyTorch draws under a seed."""
    torch.manual_seed(seed)
    state = pair.part(TORCH)(**config).state_dict()
    return Case(config, {"x": x}, {name: as_array(state[name]) for name in state})
