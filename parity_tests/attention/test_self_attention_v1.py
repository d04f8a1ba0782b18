"""Self-attention, bare weights: what its laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK, seeded
from parity_tests.catalogue import concept
from parity_tests.side import each_side

V1 = concept("self_attention_v1")


# Anchor values: the book's six tokens after `torch.manual_seed(123)`


@each_side(V1)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [0.2996, 0.8053],
            [0.3061, 0.8210],
            [0.3058, 0.8203],
            [0.2948, 0.7939],
            [0.2927, 0.7891],
            [0.2990, 0.8040],
        ]
    )
    actual = side(seeded(V1, 123, BOOK, d_in=3, d_out=2)).round(4)

    assert compare(expected, actual).holds
