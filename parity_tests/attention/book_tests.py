"""The book's example: six tokens, and the context vectors that it prints for them."""

from typing import ClassVar

import numpy as np
import torch

from parity_tests.contract.agreement import as_array, compare
from parity_tests.contract.backend import TORCH
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.strategies import accepted

BOOK = np.float32(
    [
        [0.43, 0.15, 0.89],
        [0.55, 0.87, 0.66],
        [0.57, 0.85, 0.64],
        [0.22, 0.58, 0.33],
        [0.77, 0.25, 0.10],
        [0.05, 0.80, 0.55],
    ]
)
"""The six tokens that every attention section of the book works with."""

SIZES = {"d_in": 3, "d_out": 2, "context_length": 6, "dropout": 0.0, "num_heads": 2}


class BookTests:
    """A variant prints, token by token, what the book does under the same seed."""

    pair: ClassVar[Pair]
    seed: ClassVar[int] = 123
    printed: ClassVar[str]

    def test_the_book_s_six_tokens_have_the_book_s_context_vectors(self, backend):
        config = accepted(self.pair.path, SIZES)
        torch.manual_seed(self.seed)
        state = self.pair.part(TORCH)(**config).state_dict()
        parameters = {name: as_array(array) for name, array in state.items()}
        x = np.stack([BOOK, BOOK]) if "context_length" in config else BOOK
        expected = np.float32(self.printed.split()).reshape(6, -1)
        actual = OneBackend(self.pair, backend)(Case(config, {"x": x}, parameters))

        assert compare(np.broadcast_to(expected, actual.shape), actual.round(4)).holds
