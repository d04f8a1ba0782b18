"""What attention with a bias of the distance shares: properties, rejections, probes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from parity_tests.attention.kernel_properties import OF_ALL_CORES, WITH_MASK
from parity_tests.attention.kernels import (
    BAD_CORE_INPUTS,
    BAD_MASKS,
    causal_mask,
    core_rejected,
    drawn_inputs,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import parameters_of

HEADS = (1, 2, 3, 5, 6, 8, 12)
FITTING = drawn_inputs(0, (), (2, 3, 4, 4))


def mask_of(case: Case) -> Array:
    """Return the mask of a case: all True where there is none."""
    shape = case.inputs["queries"].shape[-2], case.inputs["keys"].shape[-2]
    mask = case.inputs["mask"]
    return np.ones(shape, bool) if mask is None else mask


def distances(case: Case) -> Array:
    """Count how far each key is before each query, the last of both being at one."""
    n_queries, n_keys = case.inputs["queries"].shape[-2], case.inputs["keys"].shape[-2]
    return np.subtract.outer(np.arange(n_keys - n_queries, n_keys), np.arange(n_keys))


def hidden_keys_in_front_change_nothing(run: Implementation, case: Case) -> Agreement:
    """All tokens move by three places, and no distance changes."""
    rng, more = case.stream("keys in front"), {}
    for name in ("keys", "values"):
        array = case.inputs[name]
        front = rng.normal(size=(*array.shape[:-2], 3, array.shape[-1]))
        more[name] = np.concatenate([front.astype(array.dtype), array], axis=-2)
    mask = mask_of(case)
    hidden = np.zeros((*mask.shape[:-1], 3), bool)
    padded = case.with_inputs(**more, mask=np.concatenate([hidden, mask], axis=-1))
    return compare(run(case), run(padded), run.rounding(padded))


def attended(case: Case, scale: float, bias: torch.Tensor) -> torch.Tensor:
    """Add a bias to scaled scores, and average the values, in plain PyTorch."""
    names = ("queries", "keys", "values")
    queries, keys, values = (torch.from_numpy(case.inputs[name]) for name in names)
    scores = queries @ keys.mT * scale + bias.to(queries.dtype)
    hidden = ~torch.from_numpy(mask_of(case))
    return scores.masked_fill(hidden, -torch.inf).softmax(-1).nan_to_num(0.0) @ values


OF_DISTANCES = (
    *OF_ALL_CORES,
    *(each for each in WITH_MASK if "order of the keys" not in str(each)),
    Property(hidden_keys_in_front_change_nothing, for_all=True),
)


def distance_rejected() -> tuple[Rejection, ...]:
    """List what is rejected: heads that do not fit, and what no core takes."""
    text = "queries must have shape (…, H, T, D), H = 2, got (2, 4)"
    heads = drawn_inputs(0, (3,), (2, 3, 4, 4))
    return (
        Rejection(ValueError, "num_heads must be at least 1, got 0", {"num_heads": 0}),
        Rejection(
            TypeError, "num_heads must be an integer, got 2.0", {"num_heads": 2.0}
        ),
        *core_rejected([*BAD_CORE_INPUTS, *BAD_MASKS], FITTING, num_heads=2),
        *core_rejected([({}, ValueError, text)], FITTING, num_heads=2),
        *core_rejected([({}, ValueError, f"{text[:-6]}(3, 2, 4)")], heads, num_heads=2),
    )


def distance_probes(path: str, **config: Any) -> Any:
    """Make probes of twelve heads, and of a text that is continued."""

    def probes(seed: int) -> Iterator[Probe]:
        for n_queries, n_keys, dtype in ((17, 33, "float64"), (1, 65, "float32")):
            sizes = (n_queries, n_keys, 8, 9)
            inputs: dict[str, Any] = drawn_inputs(seed, (2, 12), sizes, dtype)
            inputs["mask"] = causal_mask(n_queries, n_keys)
            own = {"num_heads": 12, **config}
            parameters = parameters_of(path, own, seed, dtype)
            rule = f"twelve heads, {n_queries} queries over {n_keys} keys"
            yield Probe(rule, Case(own, inputs, parameters, seed=seed))

    return probes
