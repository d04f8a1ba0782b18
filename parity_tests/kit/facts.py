"""What the cases that differ have in common, and those that agree have not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.kit.memory import LAYOUTS, layouts_of
from parity_tests.kit.token_facts import facts_of_text

Facts = dict[str, Any]  # a size, or whether something is so, by its words
CHANCE = 0.02  # that some fact would be common to all that differ by accident
LEAST = 0.3  # the share of the cases with some fact that differ, for it to be said
TILES = (2, 3, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class Condition:
    """Something that may be so of a case, in words, and what is so of the others."""

    words: str
    holds: Callable[[Any], bool]
    others: str = "others"


def when(
    differing: Sequence[Case], agreeing: Sequence[Case], n_similar: int = 0
) -> str:
    """Say in which cases it differs, if one fact tells them from those that agree.

    Or else what all have that differ, where that many would not have it by accident:
    `n_similar` of those that differ come from one search, and are no evidence for it.

    >>> sizes = [Case({}, {"x": np.zeros((1, n, 2))}) for n in range(1, 31)]
    >>> when(sizes[16:], sizes[:16])
    'in each of the 14 cases seen with T ≥ 17, in none of the 16 with T ≤ 16'
    >>> when(sizes[:1], sizes[1:])
    ''
    """
    wrong, right = ([facts_of(case) for case in each] for each in (differing, agreeing))
    if len(wrong) == n_similar:
        return ""
    names = [name for name in wrong[0] if all(name in each for each in wrong)]
    right = [each for each in right if each.keys() >= {*names}]  # of the same kind
    best, least = "", CHANCE / max(len(names), 1)
    for name in names if right else []:
        values = [each[name] for each in right]
        for condition in conditions(name, [each[name] for each in wrong], values):
            n_right = sum(map(condition.holds, values))
            drawn = len(wrong) - n_similar
            by_accident = ((drawn + n_right) / (drawn + len(right))) ** drawn
            often = drawn >= LEAST * (drawn + n_right)
            if often and by_accident < least:
                best = said(condition, len(wrong), n_right, len(right))
                least = by_accident
    return best


def said(condition: Condition, n_wrong: int, n_right: int, n_others: int) -> str:
    """Say how well a condition divides the cases."""
    if n_right:
        return (
            f"all {n_wrong} cases that differ have {condition.words}, "
            f"as have {n_right} of the {n_others} that agree"
        )
    return (
        f"in each of the {n_wrong} cases seen with {condition.words}, in none of the "
        f"{n_others} {condition.others}"
    )


def conditions(
    name: str, wrong: Sequence[Any], right: Sequence[Any]
) -> Iterator[Condition]:
    """Yield what is so of a fact in all cases that differ, simplest first."""
    if isinstance(wrong[0], bool):
        if all(wrong):
            yield Condition(name, bool, "without")
        return
    low, high = min(wrong), max(wrong)
    above, below = f"with {name} ≥ {min(right)}", f"with {name} ≤ {max(right)}"
    if low == high:
        yield Condition(f"{name} = {low}", lambda value: value == low)
    if low:
        yield Condition(f"{name} ≥ {low}", lambda value: value >= low, below)
    yield Condition(f"{name} ≤ {high}", lambda value: value <= high, above)
    for tile in reversed(TILES):
        if low and all(value % tile == 0 for value in wrong):
            words = f"{name} a multiple of {tile}"
            yield Condition(words, partial(fills, tile))


def fills(tile: int, size: int) -> bool:
    """Whether a size is some whole tiles, and not none."""
    return size > 0 and size % tile == 0


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
    for what, values in [("an input", case.inputs), ("a parameter", case.parameters)]:
        arrays = [v for v in values.values() if isinstance(v, np.ndarray)]
        laid_out = [{*layouts_of(array)} for array in arrays]
        facts |= {
            f"{what} {layout}": any(layout in each for each in laid_out)
            for layout in LAYOUTS
        }
    return facts


def sizes_of(case: Case) -> dict[str, int]:
    """List the sizes of a case.

    >>> sizes_of(Case({"d_out": 6, "num_heads": 2}, {"x": np.zeros((3, 5, 4))}))
    ... # doctest: +NORMALIZE_WHITESPACE
    {'T': 5, 'd_out': 6, 'num_heads': 2, 'head_dim': 3, 'batch size': 3,
     'leading axes': 1}
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
    if len(shape) == 3:
        sizes["batch size"] = shape[0]
    sizes["leading axes"] = max(len(shape) - 2, 0)
    return sizes
