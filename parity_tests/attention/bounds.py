"""How large an honest rounding error is in each quantity of attention: a bound."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from parity_tests.case import Case


def bounds(case: Case) -> Mapping[str, float]:
    """Return an honest rounding error for each quantity of an attention variant.

    The bound of the project is |difference| <= 4 eps (1 + max|score|) max|value|,
    and a score of 8 stands for it. Scores and values count with the size of the
    products that they are sums of, since a sum may cancel and its error does not.
    """
    x = np.abs(case.inputs["x"]).astype(float)
    query, key, value = (
        projected(x, case.weights, f"W_{name}") for name in ("query", "key", "value")
    )
    lengths = [np.linalg.norm(size, axis=-1).max(initial=0) for size in (query, key)]
    head_dim = key.shape[-1] // case.config.get("num_heads", 1)
    score = lengths[0] * lengths[1] / (math.sqrt(head_dim) if case.weights else 1)
    spared = 1 - case.config.get("dropout", 0.0) if case.training else 1.0
    context = (1 + score) * value.max(initial=0) / (spared or 1.0)
    output = projected(np.full_like(value, context), case.weights, "out_proj")
    largest = {
        "queries": query.max(initial=0),
        "keys": key.max(initial=0),
        "values": value.max(initial=0),
        "scores": score,
        "masked": score,
        "weights": 1 + score,
        "kept": (1 + score) / (spared or 1.0),
        "context": context,
        "output": output.max(initial=0),
    }
    largest |= {f"head_{name}": size for name, size in largest.items()}
    rows = [
        "contexts",
        *(f"contexts[{h}]" for h in range(case.config.get("num_heads", 1))),
    ]
    largest |= dict.fromkeys(rows, context)
    largest |= dict.fromkeys(["return", "result"], largest["output"])
    eps = float(np.finfo(case.inputs["x"].dtype).eps)
    return {name: eps * float(size) / 2 for name, size in largest.items()}


def projected(
    x: np.ndarray[Any, Any], weights: Mapping[str, np.ndarray[Any, Any]], name: str
) -> np.ndarray[Any, Any]:
    """Project with absolute weights, all heads side by side: sums that cannot cancel.

    A bare parameter is laid out (in, out), the weight of a `Linear` (out, in). PyTorch
    begins the sum with the bias, so that each of the n terms added to it rounds at the
    size of the bias: √n times, since these errors do not conspire.
    """
    parts = [np.empty((*x.shape[:-1], 0))]
    for key, array in weights.items():
        if key == name:
            parts.append(x @ np.abs(array))
        elif key.endswith(f"{name}.weight"):
            bias = weights.get(key.replace("weight", "bias"), np.zeros(len(array)))
            begun = math.sqrt(array.shape[-1]) * np.abs(bias)
            parts.append(x @ np.abs(array).T + begun)
    return np.concatenate(parts, axis=-1) if len(parts) > 1 else x
