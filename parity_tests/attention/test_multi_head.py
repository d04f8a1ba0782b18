"""Multi-head attention: what its laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK, seeded
from parity_tests.catalogue import concept
from parity_tests.side import both_backends, each_side

MULTI_HEAD = concept("multi_head")
CONFIG = {"d_in": 3, "d_out": 4, "context_length": 4, "dropout": 0.0, "num_heads": 2}


@both_backends
def test_only_the_output_has_a_bias_unless_asked_for(backend):
    expected = [
        "W_query.weight",
        "W_key.weight",
        "W_value.weight",
        "out_proj.weight",
        "out_proj.bias",
    ]
    actual = list(backend.MultiHeadAttention(3, 2, 4, 0.0, 2).state_dict())

    assert actual == expected


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(MULTI_HEAD)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [0.3190, 0.4858],
            [0.2943, 0.3897],
            [0.2856, 0.3593],
            [0.2693, 0.3873],
            [0.2639, 0.3928],
            [0.2575, 0.4028],
        ]
    )
    config = CONFIG | {"d_out": 2, "context_length": 6}
    actual = side(seeded(MULTI_HEAD, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
