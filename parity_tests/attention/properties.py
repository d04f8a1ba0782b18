"""Properties of attention: sentences that hold on each backend alone.

A property takes one implementation and a case, and needs nothing from the other
backend. It returns how well what it says and what the implementation gives agree.
"""

import math
from typing import Any

import numpy as np

from parity_tests.attention.cases import empty_cases
from parity_tests.attention.changes import (
    in_evaluation,
    in_training,
    scaled,
    with_biases,
    with_config,
    with_parameters,
    with_x,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import Implementation, Property
from parity_tests.primitives.properties import OF_ANY_LAYOUT

Array = np.ndarray[Any, Any]


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


def texts_of_a_batch_do_not_influence_each_other(
    run: Implementation, case: Case
) -> Agreement:
    """A text has the same context vectors alone and in a batch of any shape."""
    case = in_evaluation(case)
    x, alone = case.inputs["x"], run(case)
    n_texts = math.prod(x.shape[:-2])
    texts = x.reshape(n_texts, *x.shape[-2:])
    in_company = run(with_x(case, np.concatenate([1 - texts, texts])))[n_texts:]
    expected = alone.reshape(n_texts, *alone.shape[-2:])
    return compare(expected, in_company, run.rounding(case))


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


def doubling_queries_and_halving_keys_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Scaling queries by 2 and keys by ½ gives the same result, to the last bit."""
    traded = scaled(scaled(case, "W_query", 2.0), "W_key", 0.5)
    return compare(run(case), run(traded))


def doubling_the_values_doubles_the_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """A context vector is linear in the values."""
    twice = scaled(case, "W_value", 2.0)
    expected = 2 * run.quantity("context", case)
    actual = run.quantity("context", twice)
    return compare(expected, actual, run.rounding(twice, "context"))


def a_query_of_zero_gives_equal_attention_weights(
    run: OneBackend, case: Case
) -> Agreement:
    """All scores are zero, so softmax gives the plain average of what is not masked."""
    n_tokens = case.inputs["x"].shape[-2]
    is_causal = "causal" in run.pair.abilities
    mask = np.tri(n_tokens) if is_causal else np.ones((n_tokens, n_tokens))
    even = mask / mask.sum(axis=-1, keepdims=True)
    actual = run.quantity("attn_weights", scaled(case, "W_query", 0.0))
    expected = np.broadcast_to(even, actual.shape).astype(actual.dtype)
    return compare(expected, actual, run.rounding(case, "attn_weights"))


def a_constant_added_to_every_key_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Softmax depends on the differences of scores alone."""
    case = with_biases(case)
    shift = {
        name: array + np.linspace(1, 3, len(array))
        for name, array in case.parameters.items()
        if name.endswith("W_key.bias")
    }
    shifted = with_parameters(case, shift)
    return compare(run(case), run(shifted), run.rounding(shifted))


def permuting_the_tokens_permutes_the_context_vectors(
    run: Implementation, case: Case
) -> Agreement:
    """Attention without a mask does not know the order of the tokens."""
    x = case.inputs["x"]
    order = np.random.default_rng(case.seed).permutation(x.shape[-2])
    expected = run(case)[..., order, :]
    return compare(expected, run(with_x(case, x[..., order, :])), run.rounding(case))


def later_tokens_do_not_influence_earlier_ones(
    run: Implementation, case: Case
) -> Agreement:
    """Changing tokens leaves every context vector before them, to the last bit."""
    x, past = case.inputs["x"].copy(), prefix_length(case)
    x[..., past:, :] = 1 - x[..., past:, :]
    expected = run(case)[..., :past, :]
    actual = run(with_x(case, x))[..., :past, :]
    return compare(expected, actual, run.repeatability(case))


def a_prefix_has_the_context_vectors_it_has_in_the_whole_text(
    run: OneBackend, case: Case
) -> Agreement:
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


def attention_weights_of_later_tokens_are_zero(
    run: OneBackend, case: Case
) -> Agreement:
    """Only the token itself and earlier ones have an attention weight."""
    weights = run.quantity("attn_weights", case)
    return compare(np.tril(weights), weights)


def the_first_token_attends_to_itself_alone(run: OneBackend, case: Case) -> Agreement:
    """Its context vector is its own value."""
    case = in_evaluation(case)
    expected = run.quantity("values", case)[..., :1, :]
    return compare(expected, run(case)[..., :1, :])


def evaluation_ignores_dropout(run: OneBackend, case: Case) -> Agreement:
    """In evaluation, attention with dropout is attention without it."""
    case = in_evaluation(case)
    none, half = (with_config(case, dropout=dropout) for dropout in (0.0, 0.5))
    return compare(run(none), run(half))


def dropping_everything_gives_zero_context_vectors(
    run: OneBackend, case: Case
) -> Agreement:
    """With a dropout of one, in training, every context vector is zero."""
    context = run.quantity("context", in_training(case, dropout=1.0))
    return compare(np.zeros_like(context), context)


def attention_weights_that_dropout_keeps_are_scaled_up(
    run: OneBackend, case: Case
) -> Agreement:
    """With a dropout of one half, what is kept is doubled."""
    case = in_training(case, dropout=0.5)
    weights, dropped = (
        run.quantity(name, case) for name in ("attn_weights", "dropped_weights")
    )
    return compare(np.where(dropped == 0, 0, 2 * weights), dropped)


def dropping_everything_leaves_the_bias_of_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """The bias of the output projection does not pass through dropout."""
    actual, bias = run(in_training(case, dropout=1.0)), case.parameters["out_proj.bias"]
    return compare(np.broadcast_to(bias, actual.shape), actual)


ATTENTION_WEIGHTS = (
    Property(attention_weights_sum_to_one),
    Property(no_attention_weight_is_negative),
)
OF_ALL = (
    Property(texts_of_a_batch_do_not_influence_each_other, for_all=True),
    *OF_ANY_LAYOUT,
)


def of_all(path: str) -> tuple[Property, ...]:
    """List what every variant of the book has, by its path."""
    empty = Property(an_empty_input_gives_an_empty_output, empty_cases(path))
    return (*OF_ALL, empty)


UNMASKED = (Property(permuting_the_tokens_permutes_the_context_vectors, for_all=True),)
PROJECTED = (
    *ATTENTION_WEIGHTS,
    Property(a_context_vector_lies_between_the_values),
    Property(a_query_of_zero_gives_equal_attention_weights),
    Property(doubling_queries_and_halving_keys_changes_nothing),
    Property(doubling_the_values_doubles_the_context_vectors),
)
LINEAR = (*PROJECTED, Property(a_constant_added_to_every_key_changes_nothing))
EARLIER_TOKENS = (
    Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
    Property(a_prefix_has_the_context_vectors_it_has_in_the_whole_text),
    Property(the_order_of_earlier_tokens_does_not_matter_to_the_last),
)
CAUSAL = (
    *LINEAR,
    *EARLIER_TOKENS,
    Property(a_longer_context_length_changes_nothing),
)
DROPOUT = (
    Property(evaluation_ignores_dropout),
    Property(dropping_everything_gives_zero_context_vectors),
)
