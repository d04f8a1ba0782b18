"""Causal attention: what its laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK, seeded
from parity_tests.catalogue import concept
from parity_tests.side import each_side

CAUSAL = concept("causal")
CONFIG = {"d_in": 3, "d_out": 2, "context_length": 4, "dropout": 0.0}


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(CAUSAL)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [-0.4519, 0.2216],
            [-0.5874, 0.0058],
            [-0.6300, -0.0632],
            [-0.5675, -0.0843],
            [-0.5526, -0.0981],
            [-0.5299, -0.1081],
        ]
    )
    config = CONFIG | {"context_length": 6}
    actual = side(seeded(CAUSAL, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
