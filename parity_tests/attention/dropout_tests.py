"""Tests of what the reference's own generator draws, for every variant with dropout.

Everywhere else it replays what PyTorch drew.
"""

import math
from typing import ClassVar

import numpy as np

from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.pair import Pair
from parity_tests.contract.patterns import numbers
from parity_tests.contract.strategies import accepted
from parity_tests.lockstep.recording import record

N_TOKENS = 40
TEXTS = numbers("normal", (50, N_TOKENS, 3), seed=0)
SIZES = {"d_in": 3, "d_out": 2, "context_length": N_TOKENS, "num_heads": 2}


class DropoutTests:
    """Each attention weight is kept with the right chance, whatever its neighbours."""

    pair: ClassVar[Pair]

    def test_each_attention_weight_is_kept_with_the_chance_it_should(self):
        chosen = kept(self.pair, seed=123)
        off = abs(chosen.sum() - 0.75 * chosen.size)

        # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n), one in 10**9.
        assert off < math.sqrt(math.log(2e9) * chosen.size / 2)

    def test_neighbours_are_kept_independently(self):
        chosen = kept(self.pair, seed=321)
        both = chosen[..., 0::2] & chosen[..., 1::2]
        off = abs(both.sum() - 0.75**2 * both.size)

        assert off < math.sqrt(math.log(2e9) * both.size / 2)

    def test_another_seed_keeps_other_weights(self):
        assert (kept(self.pair, seed=1) != kept(self.pair, seed=2)).any()

    def test_where_nothing_is_dropped_nothing_is_drawn(self):
        rng = np.random.default_rng(0)
        config = accepted(self.pair.path, {**SIZES, "dropout": 0.0})
        attention = self.pair.part(REFERENCE)(**config, rng=rng)
        expected = rng.bit_generator.state
        attention.train()(TEXTS)

        assert rng.bit_generator.state == expected


def kept(pair: Pair, seed: int) -> np.ndarray:
    """Say which of the weights that are not masked the reference keeps in one call."""
    config = accepted(pair.path, {**SIZES, "dropout": 0.25})
    attention = pair.part(REFERENCE)(**config, rng=np.random.default_rng(seed))
    run = record("reference", lambda: attention(TEXTS))
    dropped = next(
        snapshot.values["dropped_weights"]
        for call in run.invocations
        for snapshot in call.snapshots
        if "dropped_weights" in snapshot.values
    )
    return dropped[..., np.tri(N_TOKENS, dtype=bool)] > 0
