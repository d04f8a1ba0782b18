"""What a vector holds: all that goes into a case, every step, and what comes out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import REFERENCE, Backend, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import reference_backward
from parity_tests.lockstep.recording import Recording, record
from parity_tests.rounding.expected import expected, expected_backward

Tree = dict[str, Any]

GOES_IN = ("config", "training", "seed", "inputs", "parameters")
REJECTIONS = (ValueError, TypeError, LookupError, RuntimeError)


def vector_of(pair: Pair, example: Example) -> Tree:
    """Run an example on the reference, and gather all there is to say of it."""
    with unchecked():
        came_out = outcome(pair, example.case, example.with_steps)
    return {
        "name": example.name,
        "flags": [*example.flags],
        "comment": example.comment,
        **{part: getattr(example.case, part) for part in GOES_IN},
        **came_out,
    }


def example_of(vector: Tree) -> Example:
    """Read the example of a vector; several gradients of outputs are a tuple."""
    grad_output = vector.get("gradients", {}).get("of_output")
    if isinstance(grad_output, list):
        grad_output = tuple(grad_output)
    masks = tuple(vector["masks"]) if "masks" in vector else None
    known = {part: vector[part] for part in GOES_IN}
    known["config"] = {n: number(value) for n, value in vector["config"].items()}
    case = Case(**known, grad_output=grad_output, masks=masks)
    name, comment, flags = (vector[part] for part in ("name", "comment", "flags"))
    return Example(name, case, comment, tuple(flags), "steps" in vector)


def number(value: Any) -> Any:
    """Make a number of an array without an axis, as infinity is, which JSON lacks."""
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value


def outcome(pair: Pair, case: Case, with_steps: bool) -> Tree:
    """Say what the reference makes of a case: output and steps, or a rejection."""
    try:
        with_masks = pair.with_masks(case)
        call = partial(pair.call, REFERENCE, with_masks)
        run = record("reference", call) if with_steps else Recording("", result=call())
    except REJECTIONS as error:
        return {"rejected": rejection(error)}
    masks = {"masks": [*with_masks.masks]} if with_masks.masks else {}
    units = expected(pair, case).units if case.dtype else {}
    of_units: Tree = {"output": units.get("result", 0.0)}
    said: Tree = masks | {"output": tree_of(run.result), "rounding_units": of_units}
    if with_steps:
        said["steps"] = taken = steps(run)
        of_units["steps"] = of_names(units, taken)
    if pair.has_gradients:
        said["gradients"], gradient_units = gradients(pair, case, with_steps)
        of_units |= gradient_units
    return said


def gradients(pair: Pair, case: Case, with_steps: bool) -> tuple[Tree, Tree]:
    """Run the reference backward from a drawn gradient; return its units too."""
    right = expected_backward(pair, case)
    grad_output = right.backward.grad_output
    case = replace(case, grad_output=grad_output).astype(case.dtype)
    run = reference_backward(pair, case)
    of = dict(run.gradients)
    said: Tree = {"of_output": tree_of(run.grad_output), "of": of}
    units = {"gradients": {name: right.units.get(name, 0.0) for name in of}}
    if with_steps:
        said["steps"] = taken = steps(run.recording)
        units["gradient_steps"] = of_names(right.units, taken)
    return said, units


def outcome_on(backend: Backend, pair: Pair, case: Case) -> Tree:
    """Say what a backend makes of a case: its output, or a rejection."""
    try:
        return {"output": tree_of(pair.call(backend, case))}
    except REJECTIONS as error:
        return {"rejected": rejection(error)}


def rejection(error: Exception) -> Tree:
    """Describe a rejection by the type of the error and its message."""
    return {"type": type(error).__name__, "message": str(error.args[0])}


def steps(run: Recording) -> list[Tree]:
    """List every step in order of time; a loop gives one entry a round."""
    taken = {}
    for call, invocation in enumerate(run.invocations, start=1):
        rounds: Counter[str] = Counter()
        for snapshot in invocation.snapshots:
            number = snapshot.step.number
            rounds[number] += 1
            taken[snapshot.moment] = {
                "function": invocation.function,
                "call": call,
                "step": number,
                "round": rounds[number],
                "values": tree_of(dict(sorted(snapshot.values.items()))),
            }
    return [step for _, step in sorted(taken.items())]


def of_names(units: Mapping[str, float], steps: list[Tree]) -> Tree:
    """Take the units of what a step stores; a name without one must be equal."""
    stored = {name for step in steps for name in step["values"]}
    return {name: float(units[name]) for name in sorted(stored & units.keys())}


def tree_of(value: Any) -> Any:
    """Make a tree of lists, objects and NumPy arrays of what either backend gives.

    >>> tree_of((torch.ones(1), {"merges": [(1, 2)]}))
    [array([1.], dtype=float32), {'merges': [[1, 2]]}]
    """
    if isinstance(value, Mapping):
        return {name: tree_of(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [tree_of(entry) for entry in value]
    return as_array(value) if isinstance(value, np.ndarray | torch.Tensor) else value
