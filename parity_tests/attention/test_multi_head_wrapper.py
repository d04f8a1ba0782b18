"""Causal heads side by side: what their laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK, seeded
from parity_tests.catalogue import concept
from parity_tests.side import both_backends, each_side

WRAPPER = concept("multi_head_wrapper")
CONFIG = {"d_in": 3, "d_out": 2, "context_length": 4, "dropout": 0.0, "num_heads": 2}


@both_backends
def test_the_state_names_each_head_by_its_place(backend):
    expected = [
        "heads.0.W_query.weight",
        "heads.0.W_key.weight",
        "heads.0.W_value.weight",
        "heads.1.W_query.weight",
        "heads.1.W_key.weight",
        "heads.1.W_value.weight",
    ]
    actual = list(backend.MultiHeadAttentionWrapper(3, 2, 4, 0.0, 2).state_dict())

    assert actual == expected


def test_one_generator_draws_the_weights_of_all_heads():
    seeded_twice = [
        WRAPPER.reference(**CONFIG, rng=np.random.default_rng(3)).state_dict()
        for _ in range(2)
    ]
    keys = [seeded_twice[0][f"heads.{head}.W_key.weight"] for head in range(2)]

    for name, array in seeded_twice[0].items():
        assert compare(array, seeded_twice[1][name]).holds
    assert not compare(keys[0], keys[1]).holds


# Anchor values: the book's six tokens, twice, after `torch.manual_seed(123)`


@each_side(WRAPPER)
def test_the_tokens_of_the_book_have_their_contexts(side):
    batch = np.stack([BOOK, BOOK])
    expected = np.float32(
        [
            [-0.4519, 0.2216, 0.4772, 0.1063],
            [-0.5874, 0.0058, 0.5891, 0.3257],
            [-0.6300, -0.0632, 0.6202, 0.3860],
            [-0.5675, -0.0843, 0.5478, 0.3589],
            [-0.5526, -0.0981, 0.5321, 0.3428],
            [-0.5299, -0.1081, 0.5077, 0.3493],
        ]
    )
    config = CONFIG | {"d_out": 2, "context_length": 6}
    actual = side(seeded(WRAPPER, 123, batch, **config)).round(4)

    assert compare(np.stack([expected, expected]), actual).holds
