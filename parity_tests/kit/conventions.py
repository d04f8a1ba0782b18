"""Conventions that an implementation may declare; it is then held to those.

The reference keeps to one convention each. What an implementation of another one is
asked is translated, so that the same thing is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity_tests.concept import Concept

Request = dict[str, Any]


@dataclass(frozen=True)
class Convention:
    """A name, what it says, whom it can concern, and how a request is translated."""

    name: str
    sentence: str
    concerns: Callable[[Concept], bool]
    translate: Callable[[Request], Request]


def weights_in_out(request: Request) -> Request:
    """Lay every projection out (in, out), as `x @ weight` takes it."""
    weights = {
        name: np.ascontiguousarray(array.T) if name.endswith(".weight") else array
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


CONVENTIONS = (
    Convention(
        "weights_in_out",
        "projections are laid out (in, out), not (out, in)",
        has_linear,
        weights_in_out,
    ),
    Convention(
        "packed_projections",
        "query, key and value are one projection, in that order",
        lambda concept: has_linear(concept) and concept.name != "multi_head_wrapper",
        packed_projections,
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
