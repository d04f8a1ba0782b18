"""Abilities that an implementation may have, and what is asked of one that has not."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from parity_tests.contract.backend import REFERENCE, arguments_of
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.axes import axes_of_inputs

DROPOUT, GRADIENTS, LEADING_AXES = "dropout", "gradients", "leading_axes"
PROBABILITIES = ("dropout", "drop_rate", "p")  # what it is called, here and there
NOT_DECLARED = "not declared"


@dataclass(frozen=True)
class Abilities:
    """What is tried of an implementation, and of the rest, by name, why it is not.

    `trains` says that it has a mode of training. Where it has its `own_draws`, its
    dropout draws other numbers than PyTorch's, so that results are compared where
    these do not matter: in evaluation, and with a probability of 0 or 1.
    """

    tried: frozenset[str]
    not_tried: dict[str, str] = field(default_factory=dict)
    trains: bool = False
    own_draws: bool = False


def abilities_of(pair: Pair) -> frozenset[str]:
    """Read from a pair what an implementation of it may have."""
    found: set[str] = set()
    if LEADING_AXES in pair.abilities and any(
        map(allows_any, axes_of_inputs(pair).values())
    ):
        found.add(LEADING_AXES)
    if pair.is_module and arguments_of(pair.part(REFERENCE)) & {*PROBABILITIES}:
        found.add(DROPOUT)
    if pair.has_gradients:
        found.add(GRADIENTS)
    return frozenset(found)


def declared(pair: Pair, names: frozenset[str]) -> Abilities:
    """Try what is declared, and nothing else."""
    others = sorted(abilities_of(pair) - names)
    return Abilities(names, dict.fromkeys(others, NOT_DECLARED))


def tries(pair: Pair, ability: str) -> Callable[[Case], bool]:
    """Return the test of whether a case tries an ability."""
    if ability == DROPOUT:
        return lambda case: bool(pair.with_masks(case).masks)
    if ability == LEADING_AXES:
        return lambda case: with_one_leading_axis(pair, case) is not case
    return lambda case: True  # there is a gradient for every case


def narrowed(
    pair: Pair, case: Case, abilities: Abilities, dtype: str | None = None
) -> Case:
    """Ask for no more than what is tried, in the dtype that is asked for."""
    if case.training and not may_train(case, abilities):
        case = replace(case, training=False)
    if LEADING_AXES not in abilities.tried:
        case = with_one_leading_axis(pair, case)
    return case.astype(dtype) if dtype and case.dtype != dtype else case


def may_train(case: Case, abilities: Abilities) -> bool:
    """Whether the result of training can be compared in a case."""
    p = probability_of(case)
    if DROPOUT in abilities.tried:
        return p in (0, 1) or not abilities.own_draws
    return abilities.trains and p == 0


def probability_of(case: Case) -> float:
    """Return the probability of dropout; 0 where there is none."""
    return float(next((case.config[n] for n in PROBABILITIES if n in case.config), 0))


def with_probability(case: Case, p: float) -> Case:
    """Train with another probability of dropout."""
    name = next(name for name in PROBABILITIES if name in case.config)
    return replace(case, training=True, config={**case.config, name: p})


def allows_any(axes: tuple[str, ...]) -> bool:
    """Whether any number of axes may be before the others."""
    return bool(axes) and axes[0].startswith("*")


def with_one_leading_axis(pair: Pair, case: Case) -> Case:
    """Give inputs one leading axis each where their annotations, `*B …`, allow any."""
    changed = {}
    for name, axes in axes_of_inputs(pair).items():
        array = case.inputs.get(name)
        if allows_any(axes) and isinstance(array, np.ndarray):
            n_leading = array.ndim - len(axes[1:])
            if n_leading != 1:
                leading = math.prod(array.shape[:n_leading])
                changed[name] = array.reshape(leading, *array.shape[n_leading:])
    if not changed:
        return case
    case = replace(case, masks=None, grad_output=None)  # their shapes were others
    return case.with_inputs(**changed)
