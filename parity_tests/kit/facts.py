"""What the cases that differ have in common, and those that agree have not."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.kit.token_facts import facts_of_text

Facts = dict[str, Any]  # a size, or whether something is so, by its words
CHANCE = 0.05  # that some fact would be common to all that differ by accident


def when(differing: Sequence[Case], agreeing: Sequence[Case]) -> str:
    """Say in which cases it differs, if one fact tells them from those that agree.

    >>> sizes = [Case({}, {"x": np.zeros((1, n, 2))}) for n in range(1, 31)]
    >>> when(sizes[16:], sizes[:16])
    'in each of the 14 cases seen with T ≥ 17, in none of the 16 with T ≤ 16'
    >>> when(sizes[:1], sizes[1:])
    ''
    """
    wrong, right = ([facts_of(case) for case in each] for each in (differing, agreeing))
    if not (wrong and right):
        return ""
    names = [
        name for name in wrong[0] if all(name in each for each in (*wrong, *right))
    ]
    chance = CHANCE / max(len(names), 1)
    if (len(wrong) / len(wrong + right)) ** len(wrong) > chance:
        return ""
    for name in names:
        if found := divided(name, [w[name] for w in wrong], [r[name] for r in right]):
            return found
    return needed(names, wrong, right, chance)


def facts_of(case: Case) -> Facts:
    """List what is plain to see of a case: sizes first, then what is so or not."""
    if "text" in case.inputs:
        return facts_of_text(case)
    sizes, config = sizes_of(case), case.config
    facts: Facts = dict(sizes)
    if {"T", "context_length"} <= sizes.keys():
        full = sizes["T"] == sizes["context_length"]
        facts["as many tokens as the context holds"] = full
    if {"d_in", "d_out"} <= sizes.keys():
        facts["d_in ≠ d_out"] = sizes["d_in"] != sizes["d_out"]
    facts |= {name: value for name, value in config.items() if type(value) is bool}
    facts["float32"] = case.dtype == "float32"
    facts["dropout in training"] = case.training and bool(config.get("dropout"))
    facts["training"] = case.training
    every = filter(lambda value: isinstance(value, np.ndarray), case.inputs.values())
    contiguous = all(array.flags.c_contiguous for array in every)
    facts["an input that is not contiguous"] = not contiguous
    return facts


def sizes_of(case: Case) -> dict[str, int]:
    """List the sizes of a case.

    >>> sizes_of(Case({"d_out": 6, "num_heads": 2}, {"x": np.zeros((3, 5, 4))}))
    {'T': 5, 'd_out': 6, 'num_heads': 2, 'head_dim': 3, 'batch size': 3}
    """
    sizes: dict[str, int] = {}
    x, ids = (case.inputs.get(name) for name in ("x", "ids"))
    shape: tuple[int, ...] = ()
    if isinstance(x, np.ndarray):
        shape = x.shape
    elif isinstance(ids, np.ndarray):
        shape = (*ids.shape, 0)
    if len(shape) > 1:
        sizes["T"] = shape[-2]
    sizes |= {name: v for name, v in case.config.items() if type(v) is int}
    if {"num_heads", "d_out"} <= sizes.keys():
        sizes["head_dim"] = sizes["d_out"] // sizes["num_heads"]
    if len(shape) > 2:
        sizes["batch size"] = shape[0]
    return sizes


def divided(name: str, wrong: Sequence[Any], right: Sequence[Any]) -> str:
    """Say that one fact divides the cases, if it does: a truth, a bound, or a size."""
    seen = f"in each of the {len(wrong)} cases seen with"
    none = f"in none of the {len(right)}"
    if isinstance(wrong[0], bool):
        if all(wrong) and not any(right):
            return f"{seen} {name}, {none} without"
        return ""
    if min(wrong) > max(right):
        return f"{seen} {name} ≥ {min(wrong)}, {none} with {name} ≤ {max(right)}"
    if max(wrong) < min(right):
        return f"{seen} {name} ≤ {max(wrong)}, {none} with {name} ≥ {min(right)}"
    if len({*wrong}) == 1 and wrong[0] not in right:
        return f"{seen} {name} = {wrong[0]}, {none} others"
    return ""


def needed(
    names: Sequence[str],
    wrong: Sequence[Facts],
    right: Sequence[Facts],
    chance: float,
) -> str:
    """Say what all that differ have, where that many would not have it by chance."""
    every = [*wrong, *right]
    best = ("", chance)
    for name in names:
        for words, holds in bounds_of(name, [each[name] for each in wrong]):
            if not all(holds(each[name]) for each in wrong):
                continue
            share = sum(holds(each[name]) for each in every) / len(every)
            by_chance = share ** len(wrong)
            if by_chance < best[1]:
                n_right = sum(holds(each[name]) for each in right)
                best = (
                    f"all {len(wrong)} cases that differ have {words}, as have "
                    f"{n_right} of the {len(right)} that agree",
                    by_chance,
                )
    return best[0]


def bounds_of(name: str, values: Sequence[Any]) -> list[tuple[str, Any]]:
    """List what may be true of a fact in all cases that differ."""
    if isinstance(values[0], bool):
        return [(name, lambda value: value)]
    low = min(values)
    return [(f"{name} ≥ {low}", lambda value: value >= low)] if low else []
