"""Dropout on weights: right chance, independent draws, and masks that fit."""

import math
from dataclasses import replace

import numpy as np
import pytest

from parity_tests.attention.book import seeded
from parity_tests.attention.cases import accepted, numbers
from parity_tests.attention.changes import in_training
from parity_tests.catalogue import concept
from parity_tests.refusal import refusal
from parity_tests.side import sides_of

ARGUMENTS = {
    "d_in": 3,
    "d_out": 2,
    "context_length": 40,
    "dropout": 0.25,
    "num_heads": 2,
}
TEXTS = numbers("normal", (50, 40, 3), seed=0)

each_side = pytest.mark.parametrize(
    "side",
    [side for name in ("causal", "multi_head") for side in sides_of(concept(name))],
    ids=lambda side: f"{side.concept.name}-{side.name}",
)


def spared(side, seed):
    """Say which of the weights that are not hidden anyway dropout spares."""
    config = accepted(side.concept.reference, ARGUMENTS)
    case = in_training(seeded(side.concept, 0, TEXTS, **config))
    kept = side.quantity("kept", replace(case, seed=seed))
    return kept[..., np.tri(40, dtype=bool)] > 0


@each_side
def test_dropout_spares_each_weight_with_the_chance_it_should(side):
    chosen = spared(side, seed=123)
    off = abs(chosen.sum() - 0.75 * chosen.size)

    # Hoeffding: P(|sum - expected| >= off) <= 2 exp(-2 off**2 / n), one in 10**9.
    assert off < math.sqrt(math.log(2e9) * chosen.size / 2)


@each_side
def test_dropout_spares_neighbours_independently(side):
    chosen = spared(side, seed=321)
    both = chosen[..., 0::2] & chosen[..., 1::2]
    off = abs(both.sum() - 0.75**2 * both.size)

    assert off < math.sqrt(math.log(2e9) * both.size / 2)


@pytest.mark.parametrize("name", ["causal", "multi_head_wrapper", "multi_head"])
def test_where_nothing_is_dropped_nothing_is_drawn(name):
    variant, rng = concept(name).reference, np.random.default_rng(0)
    attention = variant(**accepted(variant, {**ARGUMENTS, "dropout": 0.0}), rng=rng)
    expected = rng.bit_generator.state
    attention.train()(TEXTS)

    assert rng.bit_generator.state == expected


@pytest.mark.parametrize("name", ["causal", "multi_head_wrapper", "multi_head"])
@pytest.mark.parametrize(
    ("keep", "error", "said"),
    [
        ([[True]], TypeError, "keep must be an array of this backend, got list"),
        (np.ones(1), TypeError, "keep must hold truth values, got float64"),
        (np.ones((3, 3), bool), ValueError, "keep must have shape {}, got (3, 3)"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(name, keep, error, said):
    variant = concept(name).reference
    attention = variant(**accepted(variant, {**ARGUMENTS, "d_out": 4}))
    weights = (5, 4, 4) if name == "causal" else (5, 2, 4, 4)
    actual = refusal(lambda: attention(np.ones((5, 4, 3)), keep=keep))

    assert actual == (error, said.format(weights))
