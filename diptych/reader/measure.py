"""Turn what both sides recorded under a name into a value that can be shown."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from diptych.reader.axes import labelled, named
from diptych.reader.cases import Prepared
from diptych.reader.model import Value
from parity_tests.agreement import (
    Agreement,
    as_array,
    compare,
    is_numeric,
    named_dtype,
)
from parity_tests.expected import Expected

MOST_SHOWN = 64
Axes = Mapping[str, tuple[str, ...]]


class Measure:
    """Compares by name, with the yardsticks and the labels of one case."""

    def __init__(self, prepared: Prepared, held: Expected):
        self.case = prepared.case
        self.labels = prepared.labels
        self.spell = prepared.spell
        self.held = held

    def weights(self) -> tuple[Value, ...]:
        """Show the weights, which both sides were given."""
        return self.values(self.case.weights, self.case.weights, {})

    def inputs(self, axes: Axes) -> tuple[Value, ...]:
        """Show what went in; which weights dropout spares, NumPy has to be told."""
        given = {
            name: value
            for name, value in self.case.inputs.items()
            if isinstance(value, np.ndarray)
        }
        to_torch = {name: value for name, value in given.items() if name != "keep"}
        return self.values(given, to_torch, axes)

    def values(
        self,
        here: Mapping[str, Any],
        there: Mapping[str, Any],
        axes: Axes,
        right: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[Value, ...]:
        """Compare what both sides have; a name of one side alone is shown as such.

        `right` has what both are held to in float32. A `return` that repeats another
        value is left out.
        """
        sides = [
            {name: numbers(value) for name, value in side.items() if value is not None}
            for side in (here, there)
        ]
        known = {name: np.shape(v) for side in sides for name, v in arrays(side)}
        names = dict.fromkeys([*sides[0], *sides[1]])
        held_to = [*sides, {name: numbers(value) for name, value in right.items()}]
        return tuple(
            self.value(name, [each.get(name) for each in held_to], axes, known)
            for name in names
            if not (name == "return" and any(repeats(side) for side in sides))
        )

    def value(
        self,
        name: str,
        sides: list[Any],
        axes: Axes,
        known: Mapping[str, tuple[int, ...]],
    ) -> Value:
        """Compare one quantity of both sides, and cut what is too long to show."""
        here, there, right = sides
        shape = known.get(name, ())
        axes_of_it = named(name, shape, axes, known)
        value = Value(
            name,
            shape,
            named_dtype(there if here is None else here),
            labelled(shape, axes_of_it, self.labels, MOST_SHOWN),
            beginning(here),
            beginning(there),
            cut=cut_sentence(shape),
        )
        if here is None or there is None:
            return value
        found = self.judged(name, here, there, right)
        return replace(
            value,
            difference=compare(here, there).difference,
            score=found.score,
            agrees=found.holds,
            reason="" if found.holds else found.reason,
        )

    def judged(self, name: str, here: Any, there: Any, right: Any) -> Agreement:
        """Hold PyTorch to the reference, or in float32 both of them to the truth."""
        yardstick, dtype = self.held.yardsticks.get(name, 0.0), self.held.dtype
        if not dtype or right is None:
            return compare(here, there, yardstick)
        both = [compare(right, side, yardstick, dtype) for side in (here, there)]
        return max(both, key=lambda each: each.score)


def beginning(value: Any) -> Any:
    """Cut an array to what is shown of each axis."""
    if not isinstance(value, np.ndarray):
        return value
    return value[tuple(slice(MOST_SHOWN) for _ in value.shape)]


def numbers(value: Any) -> Any:
    """Bring numbers to NumPy, stack arrays of one shape, and leave text as it is."""
    if isinstance(value, list | tuple):
        entries = [numbers(entry) for entry in value]
        alike = all(isinstance(each, np.ndarray) for each in entries)
        if entries and alike and len({each.shape for each in entries}) == 1:
            return np.stack(entries)
        return entries
    return as_array(value) if is_numeric(value) else value


def arrays(side: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List the arrays among values."""
    return [(name, v) for name, v in side.items() if isinstance(v, np.ndarray)]


def repeats(side: Mapping[str, Any]) -> bool:
    """Whether what a side returned is one of its other values, or made of them."""
    others = [value for name, value in side.items() if name != "return"]
    returned = side.get("return")
    parts = returned if isinstance(returned, list) else [returned]
    return bool(parts) and all(
        any(compare(other, part).score == 0 for other in others) for part in parts
    )


def cut_sentence(shape: tuple[int, ...]) -> str:
    """Say what of an array is left out, if anything is."""
    if all(size <= MOST_SHOWN for size in shape):
        return ""
    return f"The first {MOST_SHOWN} of {max(shape):,} are shown."
