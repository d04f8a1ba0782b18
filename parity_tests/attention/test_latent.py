"""Latent attention: its properties, rejections, oracles and bridges.

What it shares with its absorbed form is in latents.py.
"""

import numpy as np
import pytest
from transformers.models.deepseek_v3.modeling_deepseek_v3 import yarn_apply_mscale

import reference
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.latents import (
    OF_LATENTS,
    PROBED,
    SMALL,
    deepseek,
    latent_configs,
    latent_rejected,
    of_full_rank_it_is_multi_head_attention_of_the_normed_text,
    with_large_gains,
)
from parity_tests.attention.positioned import (
    of_positions,
    positioned_cases,
    positioned_examples,
    positioned_probes,
)
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import compare
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/latent"
CASES = with_large_gains(positioned_cases(PATH, latent_configs()))
PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        *of_positions(CASES),
        *OF_LATENTS,
        Property(
            of_full_rank_it_is_multi_head_attention_of_the_normed_text,
            attention_cases("attention/multi_head"),
        ),
    ),
    rejections=latent_rejected(PATH),
    oracles=(
        Oracle("transformers’ DeepSeek-V3", deepseek, CASES.filter(is_not_empty)),
    ),
    on_text=attention_on_text(PATH, **SMALL),
    examples=positioned_examples(PATH, **SMALL),
    probes=positioned_probes(PATH, **PROBED),
    typed=attention_typed(
        *(PATH,),
        d_out=2,
        query_rank=3,
        latent_rank=2,
        head_dim=2,
        rotary_dim=2,
        value_dim=2,
    ),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestLatentAttention(PairTests):
    """All that is asked of every pair, and YaRN's factor of scores."""

    pair = PAIR

    @pytest.mark.parametrize("factor", [1.0, 4.0, 40.0])
    def test_the_score_factor_is_that_of_transformers(self, factor):
        settings = {"factor": factor, "mscale_all_dim": 1.0}
        scaling = reference.RotaryScaling(
            *("yarn",), original_length=4096, mscale=1.0, **settings
        )
        of_cosines, score_factor = scaling(np.array([1.0, 0.01]))[1:]
        expected = yarn_apply_mscale({"rope_type": "yarn", **settings}, 1.0)

        assert of_cosines == 1.0
        assert compare(expected, score_factor, 1e-16).holds
