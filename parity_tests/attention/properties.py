"""Properties of attention: sentences that hold on each backend alone.

A property takes one implementation and a case, and needs nothing from the other
backend. It returns how well what it says and what the implementation gives agree. A
bridge between two variants compares with the simpler one on PyTorch.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.attention.changes import (
    in_evaluation,
    in_training,
    scaled,
    with_biases,
    with_config,
    with_parameters,
    with_x,
)
from parity_tests.catalogue import load
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.patterns import numbers

Array = np.ndarray[Any, Any]


def by_torch(path: str, case: Case) -> torch.Tensor:
    """Run another variant on PyTorch."""
    with unchecked():
        output: torch.Tensor = load(path).call(TORCH, case)
    return output



def attention_weights_sum_to_one(run: OneBackend, case: Case) -> Agreement:
    """In every row of every head."""
    weights = np.stack(run.quantities("attn_weights", case))
    ones = np.ones(weights.shape[:-1], weights.dtype)
    return compare(ones, weights.sum(axis=-1), run.rounding(case, "attn_weights"))


def no_attention_weight_is_negative(run: OneBackend, case: Case) -> Agreement:
    """Values are added, never subtracted, in any head."""
    weights = np.stack(run.quantities("attn_weights", case))
    return compare(np.abs(weights), weights)


def lies_between(values: Array, context: Array, unit: float) -> Agreement:
    """Compare context vectors with the nearest that lie between the values."""
    lowest = values.min(axis=-2, keepdims=True, initial=np.inf)
    highest = values.max(axis=-2, keepdims=True, initial=-np.inf)
    return compare(context.clip(lowest, highest), context, unit)


def texts_of_a_batch_do_not_influence_each_other(run: Implementation, case: Case) -> Agreement:
    """A text has the same context vectors alone and in a batch of any shape."""
    case = in_evaluation(case)
    x, alone = case.inputs["x"], run(case)
    n_texts = math.prod(x.shape[:-2])
    texts = x.reshape(n_texts, *x.shape[-2:])
    in_company = run(with_x(case, np.concatenate([1 - texts, texts])))[n_texts:]
    expected = alone.reshape(n_texts, *alone.shape[-2:])
    return compare(expected, in_company, run.rounding(case))


def the_input_is_not_changed(run: OneBackend, case: Case) -> Agreement:
    """Attention writes into no array that it was given."""
    before = case.inputs["x"].copy()
    run(case)
    return compare(before, case.inputs["x"])


def the_output_has_the_dtype_of_the_input(run: OneBackend, case: Case) -> Agreement:
    """float64 stays float64, and float32 stays float32."""
    return compare(case.inputs["x"].dtype.name, run(case).dtype.name)


def an_empty_input_gives_an_empty_output(run: OneBackend, case: Case) -> Agreement:
    """No token, or no text, is no error."""
    x = case.inputs["x"]
    width = run(with_x(case, np.zeros((1, x.shape[-1])))).shape[-1]
    return compare(np.zeros((*x.shape[:-1], width)), run(case))


def a_context_vector_lies_between_the_values(run: OneBackend, case: Case) -> Agreement:
    """In every channel it lies between the lowest and the highest value."""
    case = in_evaluation(case)
    values = np.concatenate(run.quantities("values", case), axis=-1)  # heads in a row
    context = run.quantity("context", case)
    return lies_between(values, context, run.rounding(case, "context"))


def doubling_queries_and_halving_keys_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """Scaling queries by 2 and keys by ½ gives the same result, to the last bit."""
    traded = scaled(scaled(case, "W_query", 2.0), "W_key", 0.5)
    return compare(run(case), run(traded))


def doubling_the_values_doubles_the_context_vectors(run: OneBackend, case: Case) -> Agreement:
    """A context vector is linear in the values."""
    twice = scaled(case, "W_value", 2.0)
    expected = 2 * run.quantity("context", case)
    actual = run.quantity("context", twice)
    return compare(expected, actual, run.rounding(twice, "context"))


def a_query_of_zero_gives_equal_attention_weights(run: OneBackend, case: Case) -> Agreement:
    """All scores are zero, so softmax gives the plain average of what is not masked."""
    n_tokens = case.inputs["x"].shape[-2]
    is_causal = "causal" in run.pair.abilities
    mask = np.tri(n_tokens) if is_causal else np.ones((n_tokens, n_tokens))
    even = mask / mask.sum(axis=-1, keepdims=True)
    actual = run.quantity("attn_weights", scaled(case, "W_query", 0.0))
    expected = np.broadcast_to(even, actual.shape).astype(actual.dtype)
    return compare(expected, actual, run.rounding(case, "attn_weights"))


def a_constant_added_to_every_key_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """Softmax depends on the differences of scores alone."""
    case = with_biases(case)
    shift = {
        name: array + np.linspace(1, 3, len(array))
        for name, array in case.parameters.items()
        if name.endswith("W_key.bias")
    }
    shifted = with_parameters(case, shift)
    return compare(run(case), run(shifted), run.rounding(shifted))


def permuting_the_tokens_permutes_the_context_vectors(run: Implementation, case: Case) -> Agreement:
    """Attention without a mask does not know the order of the tokens."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-2])
    expected = run(case)[..., order, :]
    return compare(expected, run(with_x(case, x[..., order, :])), run.rounding(case))


def attention_scores_are_symmetric(run: OneBackend, case: Case) -> Agreement:
    """Without projections, queries and keys are the same."""
    scores = run.quantity("attn_scores", case)
    return compare(scores.swapaxes(-2, -1), scores, run.rounding(case, "attn_scores"))


def a_context_vector_lies_between_the_tokens(run: OneBackend, case: Case) -> Agreement:
    """Without projections, the values are the tokens."""
    return lies_between(case.inputs["x"], run(case), run.rounding(case))


def a_single_token_is_its_own_context_vector(run: OneBackend, case: Case) -> Agreement:
    """The only token has the attention weight one."""
    alone = case.inputs["x"][..., :1, :]
    return compare(alone, run(with_x(case, alone)))


def permuting_the_channels_permutes_those_of_the_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """Without projections, channels do not mix."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-1])
    expected = run(case)[..., order]
    return compare(expected, run(with_x(case, x[..., order])), run.rounding(case))


def negating_the_tokens_negates_the_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """Two signs cancel in every score and none in the values."""
    return compare(-run(case), run(with_x(case, -case.inputs["x"])))


def with_identity_projections_and_no_scale_it_is_simple_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of simple attention: projections and scale are all that is added."""
    expected = by_torch("attention/simple", case)
    d_in = case.inputs["x"].shape[-1]
    same = np.eye(d_in)
    undone = {"W_query": math.sqrt(d_in) * same, "W_key": same, "W_value": same}
    case = replace(case, config={"d_in": d_in, "d_out": d_in})
    projected = with_parameters(case, undone)
    return compare(expected, run(projected), run.rounding(projected))


def it_is_version_one_with_transposed_parameters(run: OneBackend, case: Case) -> Agreement:
    """On cases of version one: a linear layer keeps its weight as (out, in)."""
    expected = by_torch("attention/self_attention_v1", case)
    transposed = {f"{name}.weight": array.T for name, array in case.parameters.items()}
    linear = replace(case, parameters=transposed)
    return compare(expected, run(linear), run.rounding(linear))


def later_tokens_do_not_influence_earlier_ones(run: Implementation, case: Case) -> Agreement:
    """Changing tokens leaves every context vector before them, to the last bit."""
    x, past = case.inputs["x"].copy(), prefix_length(case)
    x[..., past:, :] = 1 - x[..., past:, :]
    expected = run(case)[..., :past, :]
    actual = run(with_x(case, x))[..., :past, :]
    return compare(expected, actual, run.repeatability(case))


def a_prefix_has_the_context_vectors_it_has_in_the_whole_text(run: OneBackend, case: Case) -> Agreement:
    """Cutting off what follows changes nothing for what is left."""
    case, length = in_evaluation(case), prefix_length(case)
    expected = run(case)[..., :length, :]
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    return compare(expected, run(prefix), run.rounding(case))


def prefix_length(case: Case) -> int:
    """Choose a number of tokens by the seed: one or more, and not all if they are two.

    >>> x = np.zeros((3, 1))
    >>> [prefix_length(Case({}, {"x": x}, seed=seed)) for seed in range(4)]
    [1, 2, 1, 2]
    """
    n_tokens: int = case.inputs["x"].shape[-2]
    return min(n_tokens, 1 + case.seed % max(n_tokens - 1, 1))


def the_order_of_earlier_tokens_does_not_matter_to_the_last(
    run: OneBackend, case: Case
) -> Agreement:
    """Without positions, attention does not know the order of earlier tokens."""
    case = in_evaluation(case)
    x = case.inputs["x"]
    order = np.arange(x.shape[-2])
    np.random.default_rng(case.seed).shuffle(order[:-1])
    expected = run(case)[..., -1:, :]
    actual = run(with_x(case, x[..., order, :]))[..., -1:, :]
    return compare(expected, actual, run.rounding(case))


def a_longer_context_length_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """It only says how many tokens would fit."""
    longer = with_config(case, context_length=case.config["context_length"] + 3)
    return compare(run(case), run(longer))


def attention_weights_of_later_tokens_are_zero(run: OneBackend, case: Case) -> Agreement:
    """Only the token itself and earlier ones have an attention weight."""
    weights = run.quantity("attn_weights", case)
    return compare(np.tril(weights), weights)


def the_first_token_attends_to_itself_alone(run: OneBackend, case: Case) -> Agreement:
    """Its context vector is its own value."""
    case = in_evaluation(case)
    expected = run.quantity("values", case)[..., :1, :]
    return compare(expected, run(case)[..., :1, :])


def the_last_token_of_a_prefix_needs_no_mask(
    run: OneBackend, case: Case
) -> Agreement:
    """No token comes after it, so the causal mask hides nothing from it."""
    case, length = in_evaluation(case), prefix_length(case)
    prefix = with_x(case, case.inputs["x"][..., :length, :])
    unmasked = {name: prefix.config[name] for name in ("d_in", "d_out", "qkv_bias")}
    whole = by_torch("attention/self_attention_v2", replace(prefix, config=unmasked))
    actual = run(case)[..., :length, :][..., -1:, :]
    return compare(whole[..., -1:, :], actual, run.rounding(case))


def evaluation_ignores_dropout(run: OneBackend, case: Case) -> Agreement:
    """In evaluation, attention with dropout is attention without it."""
    case = in_evaluation(case)
    none, half = (with_config(case, dropout=dropout) for dropout in (0.0, 0.5))
    return compare(run(none), run(half))


def dropping_everything_gives_zero_context_vectors(run: OneBackend, case: Case) -> Agreement:
    """With a dropout of one, in training, every context vector is zero."""
    everything = in_training(with_config(case, dropout=1.0))
    context = run.quantity("context", everything)
    return compare(np.zeros_like(context), context)


def attention_weights_that_dropout_keeps_are_scaled_up(run: OneBackend, case: Case) -> Agreement:
    """With a dropout of one half, what is kept is doubled."""
    case = in_training(with_config(case, dropout=0.5))
    weights, dropped = (run.quantity(name, case) for name in ("attn_weights", "dropped_weights"))
    return compare(np.where(dropped == 0, 0, 2 * weights), dropped)


def dropping_everything_leaves_the_bias_of_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """The bias of the output projection does not pass through dropout."""
    actual = run(in_training(with_config(case, dropout=1.0)))
    return compare(np.broadcast_to(case.parameters["out_proj.bias"], actual.shape), actual)


def a_head_does_not_depend_on_the_parameters_of_others(run: OneBackend, case: Case) -> Agreement:
    """Other parameters in all heads but the first change nothing in the first."""
    d_out = case.config["d_out"]
    others = {
        name: 1 - array
        for name, array in case.parameters.items()
        if not name.startswith("heads.0.")
    }
    actual = run(with_parameters(case, others))[..., :d_out]
    return compare(run(case)[..., :d_out], actual)


def permuting_the_heads_permutes_their_channels(run: OneBackend, case: Case) -> Agreement:
    """The channels of a head stand at the index of the head."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    channels = np.arange(num_heads * d_out).reshape(num_heads, d_out)
    reversed_heads = {
        name.replace(f"heads.{h}.", f"heads.{num_heads - 1 - h}."): array
        for h in range(num_heads)
        for name, array in case.parameters.items()
        if name.startswith(f"heads.{h}.")
    }
    expected = run(case)[..., channels[::-1].ravel()]
    return compare(expected, run(with_parameters(case, reversed_heads)))


def one_head_is_causal_attention(run: OneBackend, case: Case) -> Agreement:
    """On cases of causal attention: a single head, with dropout as without."""
    parameters = {f"heads.0.{name}": array for name, array in case.parameters.items()}
    one = with_config(replace(case, parameters=parameters), num_heads=1)
    expected = by_torch("attention/causal", case)
    return compare(expected, run(one), run.rounding(one))


# Heads that share one projection


def the_first_head_does_not_depend_on_the_projections_of_others(run: OneBackend, case: Case) -> Agreement:
    """Other projections to all channels but the first head's leave that head."""
    head_dim = case.config["d_out"] // case.config["num_heads"]
    others = {}
    for name, array in case.parameters.items():
        if name.startswith("W_"):
            others[name] = 1 - array
            others[name][:head_dim] = array[:head_dim]
    expected, actual = (
        run.quantity("context", each)[..., :head_dim]
        for each in (case, with_parameters(case, others))
    )
    return compare(expected, actual)


def the_order_of_the_heads_does_not_matter_to_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """Heads may change places if the output projection reads them in the new order."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    backwards = np.arange(d_out).reshape(num_heads, -1)[::-1].ravel()
    reversed_heads = {
        name: array[:, backwards] if name == "out_proj.weight" else array[backwards]
        for name, array in case.parameters.items()
        if name != "out_proj.bias"
    }
    actual = run(with_parameters(case, reversed_heads))
    return compare(run(case), actual, run.rounding(case))


def one_head_is_causal_attention_and_a_projection(run: OneBackend, case: Case) -> Agreement:
    """On cases of causal attention: a single head, and the output projection."""
    case = in_evaluation(case)
    d_out = case.config["d_out"]
    output = {
        "out_proj.weight": numbers("normal", (d_out, d_out), case.seed),
        "out_proj.bias": numbers("normal", (d_out,), case.seed + 1),
    }
    one = with_parameters(with_config(case, num_heads=1), output)
    context = by_torch("attention/causal", case)
    weight, bias = (torch.from_numpy(one.parameters[name]) for name in output)
    return compare(F.linear(context, weight, bias), run(one), run.rounding(one))


def stacked_heads_are_the_wrapper(run: OneBackend, case: Case) -> Agreement:
    """On cases of the wrapper: its parameters in one stack, and no projection after."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    one_head = [name for name in case.parameters if name.startswith("heads.0.")]
    stacked = {
        name.removeprefix("heads.0."): np.concatenate(
            [case.parameters[name.replace("0", str(h), 1)] for h in range(num_heads)]
        )
        for name in one_head
    }
    stacked["out_proj.weight"] = np.eye(num_heads * d_out)
    stacked["out_proj.bias"] = np.zeros(num_heads * d_out)
    together = with_config(replace(case, parameters={}), d_out=num_heads * d_out)
    expected = by_torch("attention/multi_head_wrapper", case)
    together = with_parameters(together, stacked)
    return compare(expected, run(together), run.rounding(together))


ATTENTION_WEIGHTS = (
    Property(attention_weights_sum_to_one),
    Property(no_attention_weight_is_negative),
)
OF_ALL = (
    Property(texts_of_a_batch_do_not_influence_each_other, for_all=True),
    REPEATABLE,
    Property(the_input_is_not_changed),
    Property(the_output_has_the_dtype_of_the_input),
)
UNMASKED = (Property(permuting_the_tokens_permutes_the_context_vectors, for_all=True),)
PROJECTED = (
    *ATTENTION_WEIGHTS,
    Property(a_context_vector_lies_between_the_values),
    Property(a_query_of_zero_gives_equal_attention_weights),
    Property(doubling_queries_and_halving_keys_changes_nothing),
    Property(doubling_the_values_doubles_the_context_vectors),
)
LINEAR = (*PROJECTED, Property(a_constant_added_to_every_key_changes_nothing))
CAUSAL = (
    *LINEAR,
    Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
    Property(a_prefix_has_the_context_vectors_it_has_in_the_whole_text),
    Property(the_order_of_earlier_tokens_does_not_matter_to_the_last),
    Property(a_longer_context_length_changes_nothing),
)
DROPOUT = (
    Property(evaluation_ignores_dropout),
    Property(dropping_everything_gives_zero_context_vectors),
)
