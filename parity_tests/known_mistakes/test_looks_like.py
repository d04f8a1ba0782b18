"""A difference is called by its name, and what is right by none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from parity_tests.catalogue import PATHS, load
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.known_mistakes import (
    GRADIENTS,
    OUTPUT,
    Effect,
    Mistake,
    effect_of,
    looks_like,
    mistaken_part,
    mistakes_of,
    same_effect_as,
    trial,
)

N_OBSERVED = 10  # the first cases of all
CAUSAL = "attention/causal"

of_each_pair = pytest.mark.parametrize("path", PATHS)
in_each_effect = pytest.mark.parametrize("effect", [OUTPUT, GRADIENTS], ids=str)


def named(path: str, seen: Sequence[tuple[int, Any]], effect: Effect) -> list[str]:
    """Name what was seen in cases of a pair, each given by its number.

    What is run is remembered, since every mistake is tried against every other.
    """
    pair = load(path)
    cases = trial.cases_of(pair)
    number_of = {id(cases[number]): number for number, _ in seen}
    mistake_in = {mistaken_part(each): each for each in mistakes_of(path)}

    def remembered(_: Any, case: Case, part: Any) -> Any:
        found = trial.outcome(path, number_of[id(case)], effect, mistake_in.get(part))
        if isinstance(found, Exception):
            raise found
        return found

    observed = [(cases[number], each) for number, each in seen]
    return looks_like(pair, observed, replace(effect, run=remembered))


@in_each_effect
@of_each_pair
def test_the_right_implementation_looks_like_no_mistake(path, effect):
    if effect is GRADIENTS and not load(path).has_gradients:
        pytest.skip("it has no gradients")
    seen = [(n, trial.outcome(path, n, effect)) for n in range(10)]

    assert named(path, seen, effect) == []
    assert [named(path, [each], effect) for each in seen] == [[]] * 10


@of_each_pair
def test_a_mistake_looks_like_itself_and_what_has_the_same_effect(path):
    for mistake in mistakes_of(path):
        if mistake.caught_by in trial.COMPARED:
            names = named(path, observations(mistake), effect_of(mistake))

            assert {*names} == {mistake.id, *same_effect_as(mistake)}


def observations(mistake: Mistake) -> list[tuple[int, Any]]:
    """Observe a mistake where it shows first, and where it differs from others."""
    apart = [trial.first_difference(mistake, other) for other in trial.rivals(mistake)]
    numbers = {*range(N_OBSERVED), next(trial.differences(mistake)), *apart} - {None}
    return [(number, trial.outcome_of(mistake, number)) for number in sorted(numbers)]


def test_a_mistake_made_in_another_framework_is_named():
    causal = load(CAUSAL)
    cases = [replace(case, training=False) for case in trial.cases_of(causal)[:60]]

    observed = [(case, with_a_mask_of_what_to_drop(case)) for case in cases]

    assert looks_like(causal, observed) == ["mask-polarity-zero"]


def with_a_mask_of_what_to_drop(case: Case) -> np.ndarray[Any, Any]:
    """Attend as in the notebook from which many learned PyTorch's function."""
    x = torch.from_numpy(case.inputs["x"])
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    queries, keys, values = (
        F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        for name in ("W_query", "W_key", "W_value")
    )
    drop = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).triu(1)
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=drop).numpy()


def test_one_small_case_may_fit_several_mistakes():
    causal = load(CAUSAL)
    forgotten = next(m for m in mistakes_of(causal) if m.id == "mask-forgotten")
    cases = [trial.cases_of(causal)[number] for number in trial.differences(forgotten)]
    case = next(each for each in cases if each.inputs["x"].shape[-2] == 2)
    output = causal.call(REFERENCE, case, mistaken_part(forgotten))
    names = looks_like(causal, [(case, output)])

    assert {"mask-forgotten", "mask-off-by-one"} <= {*names}
