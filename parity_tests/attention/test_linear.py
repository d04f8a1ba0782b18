"""Linear attention: its properties, rejections, oracles and bridges."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.attention.recurrence_properties import (
    OF_ALL_RECURRENCES,
    by_fla,
    by_onnx,
    is_filled,
    tokens,
)
from parity_tests.attention.recurrences import (
    CHUNK_SIZES,
    Recurrence,
    recurrent_cases,
    recurrent_examples,
    recurrent_on_text,
    recurrent_probes,
    recurrent_rejections,
)
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import Backend, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection

PATH = "attention/linear"
KIND = Recurrence(PATH, normalizer=True, query_scales=(1.0, 1e-3, 5.0))
CONFIGS = st.fixed_dictionaries({"chunk_size": st.sampled_from(CHUNK_SIZES)})
CASES = recurrent_cases(KIND, CONFIGS)
FILLED = CASES.filter(is_filled)


def features(x: Array) -> Array:
    """Return elu(x) + 1."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def from_the_beginning(case: Case) -> Case:
    """Begin the text here."""
    return case.with_inputs(state=None, normalizer=None)


def it_is_masked_attention_with_features_in_the_place_of_exp(
    run: Implementation, case: Case
) -> Agreement:
    """(φ(Q) φ(K)ᵀ, causal) V, over the sums of its rows: the T × T form."""
    names = ("queries", "keys", "values")
    queries, keys, values = (case.inputs[n].astype(np.longdouble) for n in names)
    weights = np.tril(features(queries) @ features(keys).mT)
    expected = weights / weights.sum(axis=-1, keepdims=True) @ values
    actual = run(from_the_beginning(case))[0]
    zeros = case.with_inputs(
        **{n: np.zeros_like(case.inputs[n]) for n in ("state", "normalizer")}
    )
    return compare(expected.astype(case.dtype), actual, run.rounding(zeros))


def the_first_token_gets_its_value(run: Implementation, case: Case) -> Agreement:
    """There is nothing else to average."""
    first = tokens(from_the_beginning(case), 0, 1)
    zeros = tokens(case, 0, 1).with_inputs(
        **{n: np.zeros_like(case.inputs[n]) for n in ("state", "normalizer")}
    )
    return compare(first.inputs["values"], run(first)[0], run.rounding(zeros))


def equal_values_come_out_as_they_are(run: Implementation, case: Case) -> Agreement:
    """An average of equal numbers, whatever queries and keys are."""
    ones = case.with_inputs(
        values=np.ones_like(case.inputs["values"]),
        state=np.zeros_like(case.inputs["state"]),
        normalizer=np.zeros_like(case.inputs["normalizer"]),
    )
    context = run(ones)[0]
    return compare(np.ones_like(context), context, run.rounding(ones))


def the_state_does_not_depend_on_queries(run: Implementation, case: Case) -> Agreement:
    """They read, and write nothing."""
    others = case.with_inputs(queries=-case.inputs["queries"])
    return compare(run(case)[1:], run(others)[1:], run.rounding(case))


def through_a_state_a_text_gives_what_it_gives_whole(
    run: OneBackend, case: Case
) -> Agreement:
    """Token by token, each layer holding its state in the place of a cache."""
    made = import_module(run.part.__module__).RecurrentState()
    n_tokens = case.inputs["queries"].shape[-2]
    contexts = []
    with unchecked():
        module = run.part(**case.config)
        for at in range(n_tokens):
            one = tokens(case, at, at + 1)
            inputs = (one.inputs[name] for name in ("queries", "keys", "values"))
            context, *arrays = module(*map(run.backend.own, inputs), *made.arrays)
            made.advance(1, *arrays)
            contexts.append(as_array(context))
    expected = run(from_the_beginning(case))[0]
    zeros = case.with_inputs(
        **{n: np.zeros_like(case.inputs[n]) for n in ("state", "normalizer")}
    )
    actual = np.concatenate([expected[..., :0, :], *contexts], axis=-2)
    lengths = compare(n_tokens, made.length)
    return (
        lengths if not lengths.holds else compare(expected, actual, run.rounding(zeros))
    )


def a_state_cannot_be_cut(run: OneBackend, case: Case) -> Agreement:
    """Every token is mixed into it: cutting it to another length is an error."""
    made = import_module(run.part.__module__).RecurrentState()
    made.advance(3, run.backend.own(case.inputs["state"]))
    made.truncate(3)
    rejected = []
    for length in (0, 2, 4):
        try:
            made.truncate(length)
        except ValueError:
            rejected.append(length)
    return compare([0, 2, 4], rejected)


def a_state_may_be_reordered(run: OneBackend, case: Case) -> Agreement:
    """As beam search does, all its arrays together."""
    state = case.inputs["state"][None].repeat(3, axis=0) * np.arange(3.0).reshape(
        3, *[1] * case.inputs["state"].ndim
    )
    made = import_module(run.part.__module__).RecurrentState()
    made.advance(1, run.backend.own(state), run.backend.own(state + 1))
    made.reorder(run.backend.own(np.array([2, 2, 0])))
    return compare([state[[2, 2, 0]], state[[2, 2, 0]] + 1], [*made.arrays])


def with_a_channel_of_ones(case: Case) -> Case:
    """Write the normalizer as the state of a value that is always 1."""
    names = ("queries", "keys")
    inputs = {name: features(case.inputs[name]) for name in names}
    values, state = case.inputs["values"], case.inputs["state"]
    inputs["values"] = np.concatenate([values, np.ones_like(values[..., :1])], axis=-1)
    both = [state, case.inputs["normalizer"][..., None]]
    inputs["state"] = np.concatenate(both, axis=-1)
    return replace(case, config={"scale": 1.0}, inputs=inputs)


def divided(results: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """Divide what was read by what was read of the ones."""
    context, state = results
    return context[..., :-1] / context[..., -1:], state[..., :-1], state[..., -1]


def onnx(case: Case) -> tuple[Array, ...]:
    """Let ONNX sum the state, of the values and of ones."""
    wide = case.astype(np.float64)
    found = divided(by_onnx(with_a_channel_of_ones(wide)))
    return tuple(each.astype(case.dtype) for each in found)


def fla(case: Case) -> tuple[Array, ...]:
    """Let fla-core sum the state; its own division adds 1e-10 to the sum."""
    summed = with_a_channel_of_ones(case.astype(np.float64))
    found = divided(by_fla(summed, "linear_attn", "naive_recurrent_linear_attn"))
    return tuple(each.astype(case.dtype) for each in found)


@dataclass(frozen=True, repr=False)
class OfState(Rejection):
    """What is rejected in the use of a state of three tokens."""

    use: Callable[[Any], None] = print

    def ask(self, backend: Backend, part: Any) -> None:
        """Make the state, and use it."""
        state = import_module(part.__module__).RecurrentState()
        state.advance(3, backend.own(np.zeros((1, 2, 2))))
        self.use(state)


PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        *OF_ALL_RECURRENCES,
        Property(
            it_is_masked_attention_with_features_in_the_place_of_exp,
            for_all=True,
        ),
        Property(the_first_token_gets_its_value, for_all=True),
        Property(equal_values_come_out_as_they_are, for_all=True),
        Property(the_state_does_not_depend_on_queries, for_all=True),
        Property(through_a_state_a_text_gives_what_it_gives_whole),
        Property(a_state_cannot_be_cut),
        Property(a_state_may_be_reordered),
    ),
    rejections=(
        *recurrent_rejections(KIND),
        OfState(
            ValueError,
            "a recurrent state of 3 tokens cannot be cut, got 2",
            use=lambda state: state.truncate(2),
        ),
    ),
    oracles=(
        Oracle("ONNX's LinearAttention", onnx, FILLED),
        Oracle("fla-core's naive_recurrent_linear_attn", fla, FILLED),
    ),
    on_text=recurrent_on_text(KIND, chunk_size=16),
    examples=recurrent_examples(KIND),
    probes=recurrent_probes(KIND),
    abilities=frozenset({"leading_axes"}),
)


class TestLinearAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
