"""A departure is called by its name, and what is right by none."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.concept import Case, Concept
from parity_tests.known_mistakes import looks_like, looks_like_throughout, mistakes_of
from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.observable import (
    GRADIENTS,
    OUTPUT,
    Observable,
    observable,
)
from parity_tests.known_mistakes.trial import (
    cases_of,
    departures,
    mistaken_outcome,
    outcome_of,
    right_outcome,
)

N_OBSERVED = 30  # the first cases of all
N_DEPARTURES = 6  # and the first in which the mistake makes a difference


of_each_concept = pytest.mark.parametrize(
    "concept", CATALOGUE, ids=[each.path for each in CATALOGUE]
)


each_way = pytest.mark.parametrize(
    "where", [OUTPUT, GRADIENTS], ids=["there", "back again"]
)


def named(
    concept: Concept, seen: Sequence[tuple[int, Any]], where: Observable
) -> list[str]:
    """Name what was seen in cases of a concept, each given by its number."""
    cases = cases_of(concept.path)
    number_of = {id(cases[number]): number for number, _ in seen}

    def remembered(concept: Concept, variant: type, case: Case) -> Any:
        outcome = outcome_of(concept.path, variant, number_of[id(case)], where)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    observed = [(cases[number], outcome) for number, outcome in seen]
    return looks_like_throughout(concept, observed, replace(where, run=remembered))


@each_way
@of_each_concept
def test_the_right_implementation_looks_like_no_mistake(
    concept: Concept, where: Observable
) -> None:
    seen = [(n, right_outcome(concept.path, n, where)) for n in range(10)]

    assert named(concept, seen, where) == []
    assert [named(concept, [each], where) for each in seen] == [[]] * 10


@of_each_concept
def test_a_mistake_looks_like_itself_and_no_other(concept: Concept) -> None:
    names = {
        mistake.id: named(concept, observations(mistake), observable(mistake))
        for mistake in mistakes_of(concept)
        if mistake.caught_by in ("agreement", "gradients")
    }

    assert names == {name: [name] for name in names}


def observations(mistake: Mistake) -> list[tuple[int, Any]]:
    """Observe a mistake, now and then where it makes a difference."""
    numbers = [*range(N_OBSERVED), *islice(departures(mistake), N_DEPARTURES)]
    return [(number, mistaken_outcome(mistake, number)) for number in numbers]


def test_a_mistake_made_in_another_framework_is_named() -> None:
    causal = concept("causal")
    cases = [in_evaluation(case) for case in cases_of(causal.path)[:60]]

    observed = [(case, with_the_mask_of_what_to_drop(case)) for case in cases]

    assert looks_like_throughout(causal, observed) == ["mask-polarity-zero"]


def in_evaluation(case: Case) -> Case:
    """Run a case without dropout."""
    return replace(case, training=False, inputs={"x": case.inputs["x"]})


def with_the_mask_of_what_to_drop(case: Case) -> np.ndarray[Any, Any]:
    """Attend as in the notebook from which many learned PyTorch's function."""
    x = torch.from_numpy(case.inputs["x"])
    weights = {name: torch.from_numpy(array) for name, array in case.weights.items()}
    queries, keys, values = (
        F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))
        for name in ("W_query", "W_key", "W_value")
    )
    hidden = torch.ones(x.shape[-2], x.shape[-2], dtype=torch.bool).triu(1)
    context = F.scaled_dot_product_attention(queries, keys, values, attn_mask=hidden)
    return context.numpy()


def test_one_small_case_may_fit_several_mistakes() -> None:
    causal = concept("causal")
    forgotten = mistake_of(causal, "mask-forgotten")
    case = next(
        cases_of(causal.path)[number]
        for number in departures(forgotten)
        if cases_of(causal.path)[number].inputs["x"].shape[-2] == 2
    )
    output = causal.run_reference(mistaken_class(forgotten), case)

    names = looks_like(causal, case, output)

    assert {"mask-forgotten", "mask-off-by-one"} <= {*names}


def mistake_of(concept: Concept, name: str) -> Mistake:
    """Find a mistake of a concept by its name."""
    return next(each for each in mistakes_of(concept) if each.id == name)
