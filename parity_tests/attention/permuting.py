"""Attention that is the same in exact numbers: its channels in another order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.case import Back, Case

Array = np.ndarray[Any, Any]

MATCHED = ("queries", "keys", "head_queries", "head_keys")
MIXED = ("values", "head_values", "head_context", "context", "contexts")
CAME_OUT = ("return", "result")


def permuted(case: Case, rng: np.random.Generator) -> tuple[Case, Back]:
    """Permute what every sum over channels runs over, and say how to undo it.

    Channels of the input go with what reads them. Within each head those of queries
    go with those of keys, and those of values with what the output projection reads;
    every head has the same order. `back(name, array)` brings into order what a step
    stores under a name.
    """
    x = case.inputs["x"]
    entering = rng.permutation(x.shape[-1])
    inputs = {**case.inputs, "x": x[..., entering]}
    if not case.weights:  # queries, keys and values are the input itself
        moved = dict.fromkeys((*MIXED, *CAME_OUT), entering)
        return replace(case, inputs=inputs), undoing(moved)
    projects = "out_proj.weight" in case.weights
    head_dim = case.config["d_out"] // (case.config["num_heads"] if projects else 1)
    matched, mixed = rng.permutation(head_dim), rng.permutation(head_dim)
    leaving = {"W_query": matched, "W_key": matched, "W_value": mixed}
    weights = {
        name: reordered(name, array, entering, leaving)
        for name, array in case.weights.items()
    }
    moved = dict.fromkeys(MATCHED, matched) | dict.fromkeys(MIXED, mixed)
    moved |= {} if projects else dict.fromkeys(CAME_OUT, mixed)
    return replace(case, inputs=inputs, weights=weights), undoing(moved)


def reordered(
    name: str, array: Array, entering: Array, leaving: Mapping[str, Array]
) -> Array:
    """Reorder a weight or a bias; a bare weight is laid out (in, out)."""
    if name == "out_proj.weight":
        return array[:, in_every_head(leaving["W_value"], array.shape[1])]
    part = next((part for part in leaving if part in name), None)
    if part is None:  # the bias of the output projection
        return array
    if name == part:
        return array[entering][:, leaving[part]]
    order = in_every_head(leaving[part], len(array))
    return array[order][:, entering] if array.ndim == 2 else array[order]


def undoing(moved: Mapping[str, Array]) -> Back:
    """Return what brings an array into order, by the name of what it holds."""
    undo = {name: np.argsort(order) for name, order in moved.items()}

    def back(name: str, array: Array) -> Array:
        if name not in undo:
            return array
        return array[..., in_every_head(undo[name], array.shape[-1])]

    return back


def in_every_head(order: Array, n_channels: int) -> Array:
    """Repeat an order of one head's channels for all heads that stand side by side."""
    heads = np.arange(0, n_channels, len(order))
    return (heads[:, None] + order).ravel()
