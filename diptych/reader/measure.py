"""Turn what both backends recorded under a name into a value that can be shown."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from diptych.reader.axes import Labels, labelled, named
from diptych.reader.model import Value
from parity_tests.contract.agreement import (
    Agreement,
    as_array,
    compare,
    is_numeric,
    named_dtype,
)
from parity_tests.contract.case import Case

MOST_SHOWN = 64
Axes = Mapping[str, tuple[str, ...]]


class Measure:
    """Compares by name, with the rounding units and the labels of one case.

    In float32, `dtype` says so: then both backends are compared with the truth.
    """

    def __init__(self, labels: Labels, units: Mapping[str, float], dtype: str):
        self.labels, self.units, self.dtype = labels, units, dtype

    def inputs(self, case: Case, axes: Axes) -> tuple[Value, ...]:
        """Show the parameters and what went in, which both backends were given."""
        given = {
            name: value for name, value in case.inputs.items() if not is_text(value)
        }
        parameters = self.values(case.parameters, case.parameters, {})
        return (*parameters, *self.values(given, given, axes))

    def values(
        self,
        here: Mapping[str, Any],
        there: Mapping[str, Any],
        axes: Axes,
        right: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[Value, ...]:
        """Compare what both backends have; what one has alone is shown as such.

        `right` has the truth in float32. A `return` that repeats another value is left
        out.
        """
        both = [
            {name: numbers(value) for name, value in stored.items() if value is not None}
            for stored in (here, there)
        ]
        known = {name: np.shape(v) for stored in both for name, v in arrays(stored)}
        names = dict.fromkeys([*both[0], *both[1]])
        of_all = [*both, {name: numbers(value) for name, value in right.items()}]
        return tuple(
            self.value(name, [each.get(name) for each in of_all], axes, known)
            for name in names
            if not (name == "return" and any(repeats(stored) for stored in both))
        )

    def value(
        self,
        name: str,
        stored: list[Any],
        axes: Axes,
        known: Mapping[str, tuple[int, ...]],
    ) -> Value:
        """Compare one quantity of both backends, and cut what is too long to show."""
        here, there, right = stored
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
            error=found.error,
            agrees=found.holds,
            reason="" if found.holds else found.reason,
        )

    def judged(self, name: str, here: Any, there: Any, right: Any) -> Agreement:
        """Compare PyTorch with the reference, or in float32 both with the truth."""
        unit = self.units.get(name, 0.0)
        if not self.dtype or right is None:
            return compare(here, there, unit)
        both = [compare(right, each, unit, self.dtype) for each in (here, there)]
        return max(both, key=lambda each: each.error)


def beginning(value: Any) -> Any:
    """Cut an array to what is shown of each axis."""
    if not isinstance(value, np.ndarray):
        return value
    return value[tuple(slice(MOST_SHOWN) for _ in value.shape)]


def numbers(value: Any) -> Any:
    """Bring numbers to NumPy, stack arrays of one shape, and leave text as it is."""
    if isinstance(value, list | tuple):
        entries = [numbers(entry) for entry in value]
        are_arrays = all(isinstance(each, np.ndarray) for each in entries)
        if entries and are_arrays and len({each.shape for each in entries}) == 1:
            return np.stack(entries)
        return entries
    return as_array(value) if is_numeric(value) else value


def arrays(stored: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List the arrays among values."""
    return [(name, v) for name, v in stored.items() if isinstance(v, np.ndarray)]


def repeats(stored: Mapping[str, Any]) -> bool:
    """Whether what was returned is one of the other values, or made of them."""
    others = [value for name, value in stored.items() if name != "return"]
    returned = stored.get("return")
    parts = returned if isinstance(returned, list) else [returned]
    return bool(parts) and all(
        any(compare(other, part).error == 0 for other in others) for part in parts
    )


def is_text(value: Any) -> bool:
    """Whether a value is a text, or several."""
    several = isinstance(value, list | tuple)
    return all(isinstance(e, str) for e in value) if several else isinstance(value, str)


def cut_sentence(shape: tuple[int, ...]) -> str:
    """Say what of an array is left out, if anything is."""
    if all(size <= MOST_SHOWN for size in shape):
        return ""
    return f"The first {MOST_SHOWN} of {max(shape):,} are shown."
