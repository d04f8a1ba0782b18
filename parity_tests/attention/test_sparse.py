"""Sparse attention: its properties, rejections, oracles and bridges.

Cases whose choices no rounding changes are made in choices.py.
"""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers import DeepseekV32Config
from transformers.models.deepseek_v32 import modeling_deepseek_v32

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import scaled, with_config, with_parameters
from parity_tests.attention.choices import (
    FINE,
    choice,
    clear_examples,
    clear_probes,
    with_clear_choice,
)
from parity_tests.attention.kernels import causal_mask
from parity_tests.attention.latents import (
    PROBED,
    SMALL,
    deepseek_config,
    in_turn,
    latent_configs,
    latent_rejected,
    run_deepseek,
    to_deepseek,
    with_large_gains,
)
from parity_tests.attention.positioned import (
    a_prefix_has_what_it_has_in_the_whole_text,
    counted,
    earlier_tokens_may_change_places_and_keep_their_positions,
    exact_angles,
    moved_by_eleven,
    positioned_cases,
    positioned_examples,
    positioned_probes,
    texts_of_a_batch_do_not_influence_each_other,
)
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import REPEATABLE, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.primitives.properties import the_output_has_the_dtype_of_the_input

PATH = "attention/sparse"
INDEX = {"num_index_heads": 3, "index_dim": 6, "top_k": 2}
OURS = {**SMALL, **INDEX}


@st.composite
def sparse_configs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw sizes of latent attention and of an indexer; few tokens are chosen."""
    config = draw(latent_configs())
    return {
        **config,
        "num_index_heads": draw(st.sampled_from((1, 2, 3, 4))),
        "index_dim": config["rotary_dim"] + draw(st.integers(0, 3)),
        "top_k": draw(st.sampled_from((1, 2, 3, 4, 9))),
    }


DRAWN = with_large_gains(positioned_cases(PATH, sparse_configs()))
CASES = DRAWN.map(with_clear_choice)
NOT_TIED = DRAWN.map(lambda case: with_clear_choice(case, ties=False))
COUNTED = DRAWN.map(lambda case: with_clear_choice(counted(case), both=True))


def n_tokens_of(case: Case) -> int:
    """Count the tokens of a text."""
    return int(case.inputs["x"].shape[-2])


def it_is_latent_attention_to_what_was_chosen(run: OneBackend, case: Case) -> Agreement:
    """Scores of the paper's equation 1, `torch.topk`, and the steps as other pairs."""
    expected = in_turn(case, choice(case)[..., None, :, :])
    return compare(expected, run(case), run.rounding(case))


def where_all_tokens_are_chosen_it_is_latent_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """Then the mask is the causal one."""
    case = with_config(case, top_k=max(n_tokens_of(case), 1))
    expected = latent(case)
    return compare(expected, run(case), run.rounding(case))


def the_first_k_tokens_have_what_latent_attention_gives(
    run: OneBackend, case: Case
) -> Agreement:
    """No more than k tokens are up to their own."""
    k = case.config["top_k"]
    actual = run(case)[..., :k, :]
    return compare(latent(case)[..., :k, :], actual, run.rounding(case))


def latent(case: Case) -> torch.Tensor:
    """Run latent attention, with the same parameters but for those of the indexer."""
    state = {n: a for n, a in case.parameters.items() if not n.startswith("indexer.")}
    config = {n: value for n, value in case.config.items() if n not in INDEX}
    return by_torch("attention/latent", replace(case, config=config, parameters=state))


def a_query_sees_k_tokens_or_all_up_to_its_own(
    run: OneBackend, case: Case
) -> Agreement:
    """No fewer, no more, and no later one."""
    mask = run.quantity("mask", case)
    n_seen = np.minimum(np.arange(n_tokens_of(case)) + 1, case.config["top_k"])
    expected = np.broadcast_to(n_seen, mask.shape[:-1])
    return compare([expected, np.tril(mask)], [mask.sum(axis=-1), mask])


def of_equal_scores_the_lowest_position_wins(run: OneBackend, case: Case) -> Agreement:
    """Where all index weights are zero, so are the scores: the first k are chosen."""
    case = scaled(case, "W_index_weights", 0.0)
    mask = run.quantity("mask", case)
    first = causal_mask(*mask.shape[-2:]).copy()
    first[:, case.config["top_k"] :] = False
    return compare(np.broadcast_to(first, mask.shape), mask)


def a_token_that_is_not_chosen_may_be_anything(
    run: OneBackend, case: Case
) -> Agreement:
    """Its key and value do not reach a query that did not choose it, to the last bit.

    The first channel is for keys and values alone: the indexer does not see it.
    """
    blind = {
        name: array * (np.arange(array.shape[-1]) > 0)
        for name, array in case.parameters.items()
        if name.removeprefix("indexer.").split(".")[0]
        in ("W_query_down", "W_index_key", "W_index_weights")
    }
    case = with_parameters(case, blind)
    x = case.inputs["x"].copy()
    x[..., 0] = np.where(seen_by_last(run, case), x[..., 0], 7 - 3 * x[..., 0])
    actual = run(case.with_inputs(x=x))[..., -1:, :]
    return compare(run(case)[..., -1:, :], actual)


def seen_by_last(run: OneBackend, case: Case) -> Array:
    """Mark the tokens that the last query chooses."""
    return np.asarray(run.quantity("mask", case)[..., -1:, :].any(axis=-2))


def a_token_that_is_not_chosen_gets_no_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """The last query passes exactly zero to it, unless it is that query itself."""
    width = case.config["d_out"]
    of_last = np.zeros((*case.inputs["x"].shape[:-1], width), case.dtype)
    of_last[..., -1:, :] = 1
    found = run.gradients(replace(case, grad_output=of_last))["x"]
    seen = seen_by_last(run, case)
    seen[..., -1:] = True
    return compare(np.where(seen[..., None], found, 0), found)


def the_indexer_gets_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """A choice is constant but where it jumps: its parameters have zeros."""
    found = {n: g for n, g in run.gradients(case).items() if n.startswith("indexer.")}
    return compare([np.zeros_like(g) for g in found.values()], [*found.values()])


def a_positive_factor_of_index_weights_changes_no_choice(
    run: OneBackend, case: Case
) -> Agreement:
    """The order of the scores is all that counts."""
    larger = scaled(case, "W_index_weights", 3.0)
    masks = [run.quantity("mask", each) for each in (case, larger)]
    return compare([masks[0], run(case)], [masks[1], run(larger)])


def a_negative_factor_of_index_weights_turns_the_order_around(
    run: OneBackend, case: Case
) -> Agreement:
    """What was best is worst: the last query then chooses the tokens that it left."""
    best = seen_by_last(run, case)
    n_left = n_tokens_of(case) - case.config["top_k"]
    if n_left < 1:
        return compare(np.ones_like(best), best)
    others = with_config(scaled(case, "W_index_weights", -1.0), top_k=n_left)
    return compare(~best, seen_by_last(run, others))


def heads_of_the_indexer_may_change_places(run: OneBackend, case: Case) -> Agreement:
    """Their scores are summed."""
    n_heads = case.config["num_index_heads"]
    order = np.random.default_rng(case.seed).permutation(n_heads)

    def moved(name: str) -> Array:
        array = case.parameters[f"indexer.{name}.weight"]
        by_head = array.reshape(n_heads, -1, array.shape[-1])
        return by_head[order].reshape(array.shape)

    names = ("W_index_query", "W_index_weights")
    case_moved = with_parameters(case, {f"indexer.{n}.weight": moved(n) for n in names})
    return compare(run(case), run(case_moved), run.rounding(case))


def moving_all_tokens_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """A score of the indexer, too, depends on the distance of two tokens."""
    return moved_by_eleven(run, case)


def anywhere(case: Case) -> Case:
    """Let angles be exact at every position, and the choice clear."""
    case = with_config(case, frequencies=None)
    return with_clear_choice(exact_angles(case, case.config["rotary_dim"] // 2))


def deepseek(case: Case) -> torch.Tensor:
    """Run the attention of transformers' DeepSeek-V3.2."""
    config, state = case.config, case.parameters
    theirs = deepseek_config(
        case,
        DeepseekV32Config,
        index_topk=config["top_k"],
        index_n_heads=config["num_index_heads"],
        index_head_dim=config["index_dim"],
    )
    attention = modeling_deepseek_v32.DeepseekV32Attention(theirs, layer_idx=0)
    attention.indexer.k_norm.eps = config["eps"]
    names = {
        "wq_b.weight": "W_index_query.weight",
        "wk.weight": "W_index_key.weight",
        "k_norm.weight": "index_norm.weight",
        "k_norm.bias": "index_norm.bias",
        "weights_proj.weight": "W_index_weights.weight",
    }
    own = {
        f"indexer.{name}": torch.from_numpy(state[f"indexer.{ours}"])
        for name, ours in names.items()
    }
    parameters = to_deepseek(case) | own
    return run_deepseek(case, attention, modeling_deepseek_v32, parameters)


def sparse_rejected() -> tuple[Rejection, ...]:
    """List what is rejected of the indexer."""
    right = {**OURS, "d_in": 3}
    rows: Any = [
        (ValueError, "num_index_heads must be at least 1, got 0", "num_index_heads", 0),
        (TypeError, "index_dim must be an integer, got 6.0", "index_dim", 6.0),
        (ValueError, "top_k must be at least 1, got 0", "top_k", 0),
        (TypeError, "top_k must be an integer, got True", "top_k", True),
        (
            ValueError,
            "rotary_dim must be even, in 0 to head_dim = 3, got 4",
            *("index_dim", 3),
        ),
    ]
    return tuple(
        Rejection(error, text, {**right, name: value})
        for error, text, name, value in rows
    )


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Send real text through, each query choosing about ten tokens."""
    cases = attention_on_text(PATH, **{**OURS, "top_k": 10})(text, seed)
    return [(about, with_clear_choice(counted(case), FINE)) for about, case in cases]


PAIR = attention_pair(
    PATH,
    cases=CASES,
    properties=(
        Property(texts_of_a_batch_do_not_influence_each_other, for_all=True),
        REPEATABLE,
        Property(the_output_has_the_dtype_of_the_input),
        Property(properties.later_tokens_do_not_influence_earlier_ones, for_all=True),
        Property(a_prefix_has_what_it_has_in_the_whole_text, for_all=True),
        Property(earlier_tokens_may_change_places_and_keep_their_positions, NOT_TIED),
        *GRADIENTS,
        Property(gradient_properties.OF_ALL[-1].check, COUNTED),
        gradient_properties.CAUSAL[-2],
        Property(it_is_latent_attention_to_what_was_chosen),
        Property(where_all_tokens_are_chosen_it_is_latent_attention),
        Property(the_first_k_tokens_have_what_latent_attention_gives),
        Property(a_query_sees_k_tokens_or_all_up_to_its_own),
        Property(of_equal_scores_the_lowest_position_wins),
        Property(a_token_that_is_not_chosen_may_be_anything),
        Property(a_token_that_is_not_chosen_gets_no_gradient),
        Property(the_indexer_gets_no_gradient),
        Property(a_positive_factor_of_index_weights_changes_no_choice),
        Property(a_negative_factor_of_index_weights_turns_the_order_around, NOT_TIED),
        Property(heads_of_the_indexer_may_change_places),
        Property(moving_all_tokens_changes_nothing, DRAWN.map(anywhere)),
    ),
    rejections=(*latent_rejected(PATH, **INDEX), *sparse_rejected()),
    oracles=(
        Oracle("transformers’ DeepSeek-V3.2", deepseek, NOT_TIED.filter(is_not_empty)),
    ),
    on_text=on_text,
    examples=clear_examples(positioned_examples(PATH, **OURS)),
    probes=clear_probes(positioned_probes(PATH, **{**PROBED, **INDEX, "top_k": 8})),
    typed=attention_typed(
        *(PATH,),
        d_out=2,
        query_rank=3,
        latent_rank=2,
        head_dim=2,
        rotary_dim=2,
        value_dim=2,
        num_index_heads=2,
        index_dim=4,
        top_k=2,
    ),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestSparseAttention(PairTests):
    """All that is asked of every pair, and choices counted by hand."""

    pair = PAIR

    @pytest.mark.parametrize(
        ("top_k", "chosen"), [(1, [0]), (2, [0, 1]), (3, [0, 1, 3]), (4, [0, 1, 2, 3])]
    )
    def test_of_scores_2_2_0_2_0_the_lowest_positions_win(self, backend, top_k, chosen):
        keys = [[1, 1, -1, -1], [1, -1, 1, -1], [-1, -1, 1, 1], [1, 1, -1, -1]]
        parameters = {
            "W_index_key.weight": np.transpose([*keys, [1, -1, -1, 1]]),
            "W_index_query.weight": [[2], [1], [1], [0]],
            "W_index_weights.weight": np.ones((1, 5)),
            "index_norm.weight": np.ones(4),
            "index_norm.bias": np.zeros(4),
        }
        parameters = {n: np.array(array, float) for n, array in parameters.items()}
        config = {"d_in": 5, "query_rank": 1, "num_index_heads": 1, "index_dim": 4}
        case = Case({**config, "top_k": top_k, "eps": 0.0}, {}, parameters)
        package = import_module(backend.package)
        indexer = backend.build(package.LightningIndexer, case)
        mask = indexer(backend.own(np.eye(5)), backend.own(np.ones((5, 1))))

        assert np.flatnonzero(as_array(mask)[-1]).tolist() == chosen
