"""What an output that differs is equal to: a quantity of a step, or a known change.

It is said only of what was seen in every case that differs: then the code is right up
to there, or does the rest in a way that has a name.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import compare
from parity_tests.contract.case import LARGE, Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.differing import Observed, outputs_of
from parity_tests.rounding.expected import expected, result_unit

Array = np.ndarray[Any, Any]
Candidates = Iterator[tuple[str, Array, Any]]  # words, numbers, their rounding unit
MOST = 12  # cases that are looked at
COARSER = {
    "float64": ("float16", "bfloat16", "float32"),
    "float32": ("float16", "bfloat16"),
}


def inferred(pair: Pair, observed: Observed) -> list[str]:
    """Say what is so of the output in every case that differs.

    Of several names of one thing, all are given: the cases do not tell them apart.
    """
    found = []
    for case, seen in observed:
        pairs = outputs_of(pair, case, seen)
        if len(pairs) == 1 and sum(a.size for a in case.arrays()) <= LARGE:
            found.append(equal_to(pair, case, *pairs[0]))
        if len(found) == MOST or (found and not found[-1]):
            break
    return (
        [words for words in found[0] if all(words in each for each in found)]
        if found
        else []
    )


def equal_to(pair: Pair, case: Case, right: Array, seen: Array) -> list[str]:
    """Name what the output of one case is equal to, and the right one is not."""
    seen = seen.astype(np.result_type(right))
    unit = result_unit(pair, case)
    equal = [
        words
        for words, numbers, own in (
            *of_steps(pair, case, right),
            *of_factors(case, right, unit, seen),
            *of_parameters(case, right, unit),
            *of_arrangements(case, right, unit),
        )
        if compare(numbers, seen, own).holds
    ]
    return [*equal, *coarser(case, seen)]


def coarser(case: Case, seen: Array) -> list[str]:
    """Name the precision that all numbers have, if it is coarser than their case's.

    >>> coarser(Case({}, {"x": np.ones(1)}), np.array([0.1, 0.7], np.float32))
    ['every number is one of float32']
    """
    if case.dtype not in COARSER or not np.isfinite(seen).all() or not seen.any():
        return []
    for name in COARSER[case.dtype]:
        rounded = torch.from_numpy(seen.astype(float)).to(getattr(torch, name))
        if (rounded.double().numpy() == seen).all():
            return [f"every number is one of {name}"]
    return []


def growth(candidate: Array, right: Array) -> float:
    """Return how much larger than the right output a candidate is, at the most."""
    largest = float(np.abs(right).max(initial=0)) or 1.0
    return float(np.abs(np.nan_to_num(candidate)).max(initial=0)) / largest


def of_steps(pair: Pair, case: Case, right: Array) -> Candidates:
    """Yield the quantities of the steps that have as many numbers as the output."""
    own = pair.path.replace("/", ".")
    for call in expected(pair, case).recording.invocations:
        if call.module != own:
            continue
        for snapshot in call.snapshots:
            name = f"step {snapshot.step.number}"
            for stored, value in snapshot.values.items():
                if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                    continue
                unit = np.max(snapshot.units[stored], initial=0)
                if value.shape == right.shape:
                    yield f"it is `{stored}` of {name}", value, unit
                elif value.size == right.size:
                    words = f"it is `{stored}` of {name}, its numbers only reshaped"
                    yield words, value.reshape(right.shape), unit


def of_factors(case: Case, right: Array, unit: float, seen: Array) -> Candidates:
    """Yield multiples of the right output by numbers that have a name, or by any."""
    config = case.config
    n_heads = config.get("num_heads", 1)
    head_dim = config.get("d_out", right.shape[-1] if right.ndim else 1) / n_heads
    keep = 1 - config.get("dropout", 0.0)
    factors = {
        "2": 2.0,
        "½": 0.5,
        "−1": -1.0,
        "0": 0.0,
        "√head_dim": head_dim**0.5,
        "1/√head_dim": head_dim**-0.5,
        "num_heads": n_heads,
        "1/num_heads": 1 / n_heads,
        "1 − p of dropout": keep,
        "1/(1 − p) of dropout": 1 / keep if keep else 0.0,
    }
    found = ratio(right, seen)
    if found is not None and not np.isclose(found, [*factors.values()]).any():
        factors[f"{found:.6g}"] = found
    for words, factor in factors.items():
        larger = unit * max(1.0, abs(factor))
        yield f"it is the right output times {words}", right * factor, larger


def ratio(right: Array, seen: Array) -> float | None:
    """Return by which factor numbers are larger, the largest of them that is.

    >>> ratio(np.array([1.0, 4.0]), np.array([1.01, 4.04]))
    1.01
    """
    if not right.any():
        return None
    largest = np.unravel_index(np.abs(right).argmax(), right.shape)
    factor = float(seen[largest] / right[largest])
    return factor if np.isfinite(factor) else None


def of_parameters(case: Case, right: Array, unit: float) -> Candidates:
    """Yield the right output without a bias of the output, and with it twice."""
    name = "out_proj.bias" if "out_proj.bias" in case.parameters else "bias"
    bias = case.parameters.get(name)
    if bias is not None and right.shape[-1:] == bias.shape:
        rounding = np.abs(bias).max() * np.finfo(bias.dtype).eps
        yield f"it is the right output without `{name}`", right - bias, unit + rounding
        yield (
            f"it is the right output with `{name}` added twice",
            right + bias,
            unit + rounding,
        )


def of_arrangements(case: Case, right: Array, unit: float) -> Candidates:
    """Yield the numbers of the right output in another order."""
    axes = ("the first axis", "the tokens", "the channels")[-right.ndim :]
    if right.ndim > len(axes):
        return
    changes: list[tuple[str, Callable[[Array, int], Array]]] = [
        ("in reverse order", lambda array, axis: np.flip(array, axis)),
        ("one place later", lambda array, axis: np.roll(array, 1, axis)),
        ("one place earlier", lambda array, axis: np.roll(array, -1, axis)),
    ]
    for axis, what in enumerate(axes):
        for how, change in changes:
            yield f"it is the right output, {what} {how}", change(right, axis), unit
    n_heads = case.config.get("num_heads", 1)
    if n_heads > 1 and right.shape[-1] % n_heads == 0:
        heads = right.reshape(*right.shape[:-1], n_heads, -1)
        interleaved = heads.swapaxes(-1, -2).reshape(right.shape)
        yield (
            "it is the right output, the channels of the heads interleaved",
            interleaved,
            unit,
        )
    if right.ndim >= 2:
        swapped = right.swapaxes(-1, -2).reshape(right.shape)
        yield (
            "it is the right output, transposed and read in the old shape",
            swapped,
            unit,
        )
