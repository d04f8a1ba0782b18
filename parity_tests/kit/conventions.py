"""Conventions that an implementation may declare; it is then held to those.

The reference keeps to one convention each. What an implementation of another one is
asked is translated, so that the same thing is computed.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from parity_tests.attention.cases import attention_cases
from parity_tests.concept import Case, Concept

Request = dict[str, Any]
Cases = SearchStrategy[Case]


def untranslated(request: Request) -> Request:
    """Ask as the reference is asked."""
    return request


def unrestricted(concept: Concept, cases: Cases) -> Cases:
    """Try all cases."""
    return cases


@dataclass(frozen=True)
class Convention:
    """A name, what it says, whom it can concern, and how a request is translated.

    `cases` restricts the cases, for an implementation that cannot take them all.
    """

    name: str
    sentence: str
    concerns: Callable[[Concept], bool]
    translate: Callable[[Request], Request] = untranslated
    cases: Callable[[Concept, Cases], Cases] = unrestricted


def weights_in_out(request: Request) -> Request:
    """Lay every projection out (in, out), as `x @ weight` takes it."""
    weights = {
        name: np.ascontiguousarray(array.T) if name.endswith("weight") else array
        for name, array in request["weights"].items()
    }
    return {**request, "weights": weights}


def packed_projections(request: Request) -> Request:
    """Stack query, key and value into `in_proj_weight` (3E, C) and `in_proj_bias`."""
    weights = dict(request["weights"])
    for kind in ("weight", "bias"):
        names = [f"W_{part}.{kind}" for part in ("query", "key", "value")]
        if all(name in weights for name in names):
            parts = [weights.pop(name) for name in names]
            weights[f"in_proj_{kind}"] = np.concatenate(parts)
    return {**request, "weights": weights}


def mask_drops(request: Request) -> Request:
    """Hand the dropout mask over as `drop`: True where a weight is dropped."""
    inputs = dict(request["inputs"])
    if "keep" in inputs:
        inputs["drop"] = ~inputs.pop("keep")
    return {**request, "inputs": inputs}


def has_linear(concept: Concept) -> bool:
    """Tell whether a concept has projections in `nn.Linear`'s layout."""
    with_weights = {"self_attention_v2", "causal", "multi_head_wrapper", "multi_head"}
    return concept.name in with_weights


def square(concept: Concept, cases: Cases) -> Cases:
    """Draw cases with as many channels going in as coming out."""
    return attention_cases(concept.class_name, square=True)


def not_empty(concept: Concept, cases: Cases) -> Cases:
    """Draw cases with a text, and a token in it."""
    return cases.filter(lambda case: all(len(i.flat) for i in case.inputs.values()))


CONVENTIONS = (  # in the order in which a request is translated
    Convention(
        "square",
        "as many channels go in as come out",
        lambda concept: concept.group == "attention" and concept.name != "simple",
        cases=square,
    ),
    Convention(
        "not_empty",
        "there is a text, and a token in it",
        lambda concept: concept.name != "windows" and concept.group != "tokenizers",
        cases=not_empty,
    ),
    Convention(
        "packed_projections",
        "query, key and value are one projection, in that order",
        lambda concept: has_linear(concept) and concept.name != "multi_head_wrapper",
        packed_projections,
    ),
    Convention(
        "weights_in_out",
        "projections are laid out (in, out), not (out, in)",
        has_linear,
        weights_in_out,
    ),
    Convention(
        "mask_drops",
        "the dropout mask says what is dropped, not what is kept",
        lambda concept: "dropout" in concept.supports,
        mask_drops,
    ),
)


def conventions_of(concept: Concept) -> dict[str, Convention]:
    """Give the conventions that a concept knows, by name."""
    return {each.name: each for each in CONVENTIONS if each.concerns(concept)}


def translated(concept: Concept, names: Collection[str], request: Request) -> Request:
    """Ask an implementation that keeps these conventions."""
    for name, convention in conventions_of(concept).items():
        request = convention.translate(request) if name in names else request
    return request


def cases_for(concept: Concept, names: Collection[str]) -> Cases:
    """Choose the cases that an implementation with these conventions can take."""
    cases = concept.cases
    for name, convention in conventions_of(concept).items():
        cases = convention.cases(concept, cases) if name in names else cases
    return cases
