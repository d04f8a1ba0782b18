"""Abilities that an implementation may declare; what is not declared is not tried."""

import inspect
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from parity_tests.contract.backend import REFERENCE, arguments_of
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair

DROPOUT, GRADIENTS, LEADING_AXES = "dropout", "gradients", "leading_axes"
PROBABILITIES = {"dropout", "p"}  # what the probability is called, here and in PyTorch


def abilities_of(pair: Pair) -> frozenset[str]:
    """Read from a pair what an implementation of it may declare."""
    found = {LEADING_AXES} & pair.abilities
    if pair.is_module and PROBABILITIES & arguments_of(pair.part(REFERENCE)):
        found.add(DROPOUT)
    if pair.has_gradients:
        found.add(GRADIENTS)
    return frozenset(found)


def tries(pair: Pair, ability: str) -> Callable[[Case], bool]:
    """Return the test of whether a case tries an ability."""
    if ability == DROPOUT:
        return lambda case: bool(pair.with_masks(case).masks)
    if ability == LEADING_AXES:
        return lambda case: with_one_leading_axis(pair, case) is not case
    return lambda case: True  # there is a gradient for every case


def narrowed(
    pair: Pair, case: Case, declared: frozenset[str], dtype: str | None = None
) -> Case:
    """Ask for no more than what is declared, in the dtype that is asked for."""
    if DROPOUT not in declared:
        case = replace(case, training=False) if case.training else case
    if LEADING_AXES not in declared:
        case = with_one_leading_axis(pair, case)
    return case.astype(dtype) if dtype and case.dtype != dtype else case


def with_one_leading_axis(pair: Pair, case: Case) -> Case:
    """Give every input one leading axis where its annotation, `*B …`, allows any."""
    part = pair.part(REFERENCE)
    function = getattr(part, "forward", part)
    changed = {}
    for name, parameter in inspect.signature(function).parameters.items():
        axes = getattr(parameter.annotation, "dim_str", "").split()
        array = case.inputs.get(name)
        if axes and axes[0].startswith("*") and isinstance(array, np.ndarray):
            n_leading = array.ndim - len(axes[1:])
            if n_leading != 1:
                leading = math.prod(array.shape[:n_leading])
                changed[name] = array.reshape(leading, *array.shape[n_leading:])
    if not changed:
        return case
    case = replace(case, masks=None, grad_output=None)  # their shapes were others
    return case.with_inputs(**changed)
