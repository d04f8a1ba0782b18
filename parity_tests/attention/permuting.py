"""Attention that is the same in exact numbers: its channels in another order."""

import re
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.concept import Case

Array = np.ndarray[Any, Any]


def permuted(case: Case, rng: np.random.Generator) -> tuple[Case, Array]:
    """Permute what every sum over channels runs over, and say how to undo it.

    Channels of the input go with what reads them. Within each head those of queries
    go with those of keys, and those of values with what the output projection reads;
    where there is none they come out permuted: `output[..., back]` is in order.
    """
    x = case.inputs["x"]
    entering = rng.permutation(x.shape[-1])
    inputs = {**case.inputs, "x": x[..., entering]}
    if not case.weights:
        return replace(case, inputs=inputs), np.argsort(entering)
    leaving = orders(case, rng)
    weights = {
        name: reordered(name, array, entering, leaving)
        for name, array in case.weights.items()
    }
    mixed = [order for name, order in leaving.items() if name.endswith("W_value")]
    width = len(mixed[0])
    back = [np.argsort(order) + head * width for head, order in enumerate(mixed)]
    if "out_proj.weight" in weights:
        weights["out_proj.weight"] = weights["out_proj.weight"][:, mixed[0]]
        back = [np.arange(width)]
    return replace(case, inputs=inputs, weights=weights), np.concatenate(back)


def orders(case: Case, rng: np.random.Generator) -> dict[str, Array]:
    """Draw an order of channels for every projection, alike for queries and keys."""
    inside = case.config.get("num_heads", 1) if "out_proj.weight" in case.weights else 1
    found: dict[str, Array] = {}
    for name, array in case.weights.items():
        if name.endswith(("W_query", "W_query.weight")):
            bare = name.endswith("W_query")
            head_dim = array.shape[1 if bare else 0] // inside
            stem = name.partition("W_query")[0]
            found[f"{stem}W_query"] = within_heads(inside, head_dim, rng)
            found[f"{stem}W_key"] = found[f"{stem}W_query"]
            found[f"{stem}W_value"] = within_heads(inside, head_dim, rng)
    return found


def within_heads(heads: int, head_dim: int, rng: np.random.Generator) -> Array:
    """Draw an order in which no channel leaves its head."""
    return np.concatenate(
        [head * head_dim + rng.permutation(head_dim) for head in range(heads)]
    )


def reordered(
    name: str, array: Array, entering: Array, leaving: dict[str, Array]
) -> Array:
    """Reorder a weight or a bias; a bare weight is laid out (in, out)."""
    if name in leaving:
        return array[entering][:, leaving[name]]
    stem = re.sub(r"\.(weight|bias)$", "", name)
    if stem not in leaving:
        return array
    return (
        array[leaving[stem]][:, entering] if array.ndim == 2 else array[leaving[stem]]
    )
