"""How large an honest rounding error is in each gradient of attention."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity_tests.attention.bounds import bounds, projected
from parity_tests.concept import Case

Array = np.ndarray[Any, Any]

PROJECTIONS = {"W_query": "queries", "W_key": "keys", "W_value": "values"}


def gradient_yardsticks(case: Case, grad_output: Array) -> Mapping[str, float]:
    """Return an honest rounding error for each gradient, by its name.

    As in `bounds`, a quantity counts with the size of the products that it is a
    sum of, and what has gone through softmax with 1 + max|score|.
    """
    unit = float(np.finfo(case.inputs["x"].dtype).eps) / 2
    x, output = (
        np.abs(array).astype(float) for array in (case.inputs["x"], grad_output)
    )
    sizes = sizes_at_steps(case, x, output, 1 + bounds(case)["scores"] / unit)
    named = {"x": sizes["x"], "grad_contexts": sizes["context"]}
    named |= {f"grad_{name}": size for name, size in sizes.items()}
    named |= {f"grad_head_{name}": size for name, size in sizes.items()}
    named |= sizes_of_weights(case, sizes, largest(x), largest(output))
    return {name: unit * float(size) for name, size in named.items()}


def sizes_at_steps(
    case: Case, x: Array, output: Array, steep: float
) -> dict[str, float]:
    """Follow how large the products are, from the output back to the input."""
    query, key, value = (projected(x, case.weights, name) for name in PROJECTIONS)
    head_dim = key.shape[-1] // case.config.get("num_heads", 1)
    scale = 1 / math.sqrt(head_dim) if case.weights else 1.0
    n_tokens = x.shape[-2]
    out_proj = np.abs(case.weights.get("out_proj.weight", np.eye(output.shape[-1])))
    context = output @ out_proj
    kept = longest(context) * longest(value)
    scores = steep * raised_by(case) * kept
    sizes = {
        "context": largest(context),
        "kept": kept,
        "weights": raised_by(case) * kept,
        "masked": scores,
        "scores": scores,
        "queries": scores * scale * largest(key),
        "keys": scores * scale * largest(query) * n_tokens,
        "values": steep * raised_by(case) * largest(context) * n_tokens,
    }
    sizes["x"] = sum(
        sizes[quantity] * influence(case, name)
        for name, quantity in PROJECTIONS.items()
    )
    return sizes


def sizes_of_weights(
    case: Case, sizes: Mapping[str, float], x: float, output: float
) -> dict[str, float]:
    """Sum over all tokens what each weight, and each bias, gets from one."""
    n_tokens = math.prod(case.inputs["x"].shape[:-1])
    context = bounds(case)["context"] / np.finfo(case.inputs["x"].dtype).eps * 2
    named = {}
    for weight in case.weights:
        part = next((name for name in PROJECTIONS if name in weight), "")
        grad = sizes[PROJECTIONS[part]] if part else output
        entered = 1.0 if weight.endswith("bias") else x if part else context
        named[weight] = n_tokens * grad * entered
    return named


def influence(case: Case, name: str) -> float:
    """Return how much of a projection's gradient an input channel can get."""
    if not case.weights:
        return 1.0
    return sum(
        float(np.abs(array).sum(axis=1 if key == name else 0).max())
        for key, array in case.weights.items()
        if name in key and not key.endswith("bias")
    )


def raised_by(case: Case) -> float:
    """Return how much dropout raises what it spares."""
    spared = 1 - case.config.get("dropout", 0.0) if case.training else 1.0
    return 1 / (spared or 1.0)


def largest(array: Array) -> float:
    """Return the largest entry, 0 where there is none."""
    return float(array.max(initial=0))


def longest(array: Array) -> float:
    """Return the length of the longest token."""
    return largest(np.linalg.norm(array, axis=-1))
