"""A model so small that its tests take no time."""

import numpy as np

from diptych.training.batches import Batches
from diptych.training.recipe import Recipe

TINY = Recipe(
    vocab_size=16,
    context_length=8,
    emb_dim=16,
    n_heads=2,
    n_layers=1,
    batch_size=4,
    steps=20,
    warmup_steps=5,
    max_norm=0.5,
)


def tiny_batches() -> Batches:
    """Draw a text in which each id is mostly followed by its successor.

    >>> len(tiny_batches())
    12
    """
    rng = np.random.default_rng(5)
    ids = np.cumsum(rng.integers(1, 3, 400)) % TINY.vocab_size
    return Batches(ids, TINY)
