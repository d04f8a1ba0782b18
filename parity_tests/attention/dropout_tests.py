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

    def test_attention_weights_are_kept_independently_with_the_right_chance(self):
        attention, _ = self.drawing(dropout=0.25)
        run = record("reference", lambda: attention(TEXTS))
        snapshots = [each for call in run.invocations for each in call.snapshots]
        dropped = [s.values for s in snapshots if "dropped_weights" in s.values]
        weights = dropped[0]["dropped_weights"]
        kept = weights[..., np.tri(N_TOKENS, dtype=bool)] > 0
        both = kept[..., 0::2] & kept[..., 1::2]
        for chosen, chance in ((kept, 0.75), (both, 0.75**2)):
            off = abs(chosen.sum() - chance * chosen.size)

            # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n) = 1e-9.
            assert off < math.sqrt(math.log(2e9) * chosen.size / 2)

    def test_where_nothing_is_dropped_nothing_is_drawn(self):
        attention, rng = self.drawing(dropout=0.0)
        expected = rng.bit_generator.state
        attention.train()(TEXTS)

        assert rng.bit_generator.state == expected

    def drawing(self, dropout):
        """Build the reference with a generator of its own."""
        rng = np.random.default_rng(123)
        config = accepted(self.pair.path, {**SIZES, "dropout": dropout})
        return self.pair.part(REFERENCE)(**config, rng=rng), rng
