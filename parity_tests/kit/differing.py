"""Which entries differ of what was observed: of outputs, heads, or gradients."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity_tests.contract.agreement import LIMIT, wrong_entries
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.arrays import answer
from parity_tests.kit.axes import (
    COLUMN,
    ROW,
    Axis,
    axes_of_inputs,
    axes_of_outputs,
    by_head,
    n_leading_of,
    with_axes,
)
from parity_tests.kit.description import Entries, is_narrow_in, where
from parity_tests.rounding.expected import (
    expected_gradients,
    expected_result,
    result_unit,
)

Observed = Sequence[tuple[Case, Any]]  # cases, and what came out
PROJECTION = "out_proj.weight"
WELL_CONDITIONED = 1e4


def where_outputs_differ(pair: Pair, observed: Observed) -> list[str]:
    """Say for each output in which entries it differs, if there is anything to say."""
    found: dict[int, list[Entries]] = {}
    axes = axes_of_outputs(pair)
    for number, names in enumerate(axes or [()]):
        compared = [
            (case, *pairs[number])
            for case, pairs in ((c, outputs_of(pair, c, seen)) for c, seen in observed)
            if number < len(pairs)
        ]
        n_leading = n_leading_of(names, [right for _, right, _ in compared])
        heads: list[Entries] = []
        for case, right, other in compared:
            wrong = wrong_entries(right, other, units_of(pair, case, number))
            entries = with_axes(names, wrong, n_leading)
            if PROJECTION not in case.parameters:
                entries = with_heads(case, *entries)
            elif solved := before_projection(pair, case, right, other):
                cut = with_heads(case, *with_axes(names, solved[0], n_leading))
                heads.append(Entries(*cut))
            found.setdefault(number, []).append(Entries(*entries))
        if is_narrow_in("head", heads):
            return [f"{where(heads)}, before the output projection"]
    words = {number: where(entries) for number, entries in found.items()}
    several = len(words) > 1
    return [
        f"output {number}: {each}" if several else each
        for number, each in words.items()
        if each
    ]


def outputs_of(pair: Pair, case: Case, seen: Any) -> list[tuple[Any, Any]]:
    """Pair each array that is right with the one that came out, if it fits."""
    right = answer(pair, pair.with_masks(case).astype(np.float64))
    rights, others = (
        [*each] if isinstance(each, list | tuple) else [each] for each in (right, seen)
    )
    pairs = zip(rights, others, strict=False)
    return [(one, other) for one, other in pairs if fits(one, other)]


def fits(right: Any, other: Any) -> bool:
    """Whether what came out is an array of numbers of the right shape."""
    is_array = isinstance(other, np.ndarray) and other.dtype.kind in "fiub"
    return is_array and np.shape(right) == other.shape and other.size > 0


def with_heads(
    case: Case, axes: tuple[Axis, ...], wrong: Any
) -> tuple[tuple[Axis, ...], Any]:
    """Cut the channels into heads, where the last axis has those of all heads."""
    if axes and axes[-1].word == "channel" and axes[-1].symbol != "d":
        return by_head(axes, wrong, case.config.get("num_heads", 0))
    return axes, wrong


def before_projection(
    pair: Pair, case: Case, right: Any, other: Any
) -> tuple[Any] | None:
    """Mark which context vectors were wrong before the output projection, by channel.

    An error there went through the projection, so its inverse takes it back. None
    stands for a projection that cannot be inverted, or numbers that are not finite.
    """
    weight = case.parameters[PROJECTION].astype(np.float64)
    error = other.astype(np.float64) - right
    if "num_heads" not in case.config or not np.isfinite(error).all():
        return None
    if np.linalg.cond(weight) > WELL_CONDITIONED:
        return None
    inverse = np.linalg.inv(weight.T)
    before = error @ inverse
    most = LIMIT * result_unit(pair, case) * np.abs(inverse).sum(axis=0).max()
    return (np.abs(before) > most + 1e-9 * np.abs(before).max(initial=0),)


def units_of(pair: Pair, case: Case, number: int) -> Any:
    """Return the rounding units of one output, row by row."""
    units = expected_result(pair, case).units
    return units[number] if isinstance(units, list) else units


def where_gradients_differ(pair: Pair, observed: Observed) -> list[str]:
    """Say which gradients differ, and of each where."""
    found: dict[str, list[Entries]] = {}
    names: set[str] = set()
    for case, seen in observed:
        right = expected_gradients(pair, case)
        for name, gradient in right.backward.gradients.items():
            names.add(name)
            if name in seen and fits(gradient, seen[name]):
                wrong = wrong_entries(gradient, seen[name], right.fine[name])
                entries = Entries(*with_rows(pair, case, name, wrong))
                found.setdefault(name, []).append(entries)
    words = {name: where(entries) for name, entries in found.items()}
    wrong_names = [name for name, each in words.items() if each]
    if not wrong_names:
        return []
    by_words: dict[str, list[str]] = {}
    for name in wrong_names:
        by_words.setdefault(words[name], []).append(name)
    differ = [f"the gradient of {', '.join(n)}: {w}" for w, n in by_words.items()]
    if others := sorted(names - {*wrong_names}):
        differ.append(f"not in the gradient of {', '.join(others)}")
    return differ


def with_rows(
    pair: Pair, case: Case, name: str, wrong: Any
) -> tuple[tuple[Axis, ...], Any]:
    """Name the axes of a gradient: of an input, or of a parameter's rows by head."""
    if name in case.inputs:
        return with_axes(axes_of_inputs(pair).get(name, ()), wrong)
    axes = (ROW, COLUMN)[: wrong.ndim]
    n_heads = case.config.get("num_heads", 0)
    if not name.startswith("W_"):
        return axes, wrong
    if not name.startswith("W_query"):
        n_heads = case.config.get("num_kv_heads", n_heads)
    return by_head(axes, wrong, n_heads, axis=0)
