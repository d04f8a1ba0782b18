"""Self-attention, linear layers: what its laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK, seeded
from parity_tests.catalogue import concept
from parity_tests.side import both_backends, each_side

V2 = concept("self_attention_v2")


@both_backends
def test_the_projections_have_no_bias_unless_asked_for(backend):
    expected = {"W_query.weight", "W_key.weight", "W_value.weight"}
    actual = set(backend.SelfAttentionV2(3, 2).state_dict())

    assert actual == expected


# Anchor values: the book's six tokens after `torch.manual_seed(789)`


@each_side(V2)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [-0.0739, 0.0713],
            [-0.0748, 0.0703],
            [-0.0749, 0.0702],
            [-0.0760, 0.0685],
            [-0.0763, 0.0679],
            [-0.0754, 0.0693],
        ]
    )
    actual = side(seeded(V2, 789, BOOK, d_in=3, d_out=2)).round(4)

    assert compare(expected, actual).holds
