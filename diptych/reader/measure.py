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
Stored = Mapping[str, Any]
NOTHING: Stored = MappingProxyType({})


class Measure:
    """Compares by name, with the rounding units and the labels of one case.

    In float32, `dtype` says so: then both backends are compared with the truth.
    """

    def __init__(self, labels: Labels, dtype: str):
        self.labels, self.dtype = labels, dtype

    def inputs(self, case: Case, axes: Axes) -> tuple[Value, ...]:
        """Show the parameters and what went in, which both backends were given."""
        given = {
            name: value for name, value in case.inputs.items() if not is_text(value)
        }
        parameters = self.values(case.parameters, case.parameters, {})
        return (*parameters, *self.values(given, given, axes))

    def values(
        self,
        here: Stored,
        there: Stored,
        axes: Axes,
        right: Stored = NOTHING,
        units: Stored = NOTHING,
    ) -> tuple[Value, ...]:
        """Compare what both backends have; what one has alone is shown as such.

        `right` has the truth in float32, `units` the rounding units of each name. A
        `return` that repeats another value is left out.
        """
        ours, theirs = (
            {name: numbers(v) for name, v in stored.items() if v is not None}
            for stored in (here, there)
        )
        known = {name: np.shape(v) for name, v in arrays(theirs) + arrays(ours)}
        found = []
        for name in dict.fromkeys([*ours, *theirs]):
            if name == "return" and (repeats(here) or repeats(there)):
                continue
            value = self.drawn(name, ours.get(name), theirs.get(name), axes, known)
            if value.owner == "both":
                left, other, unit = here[name], there[name], units.get(name, 0.0)
                agreement = self.judged(left, other, right.get(name), unit)
                value = with_agreement(value, agreement, left, other)
            found.append(value)
        return tuple(found)

    def drawn(
        self,
        name: str,
        here: Any,
        there: Any,
        axes: Axes,
        known: Mapping[str, tuple[int, ...]],
    ) -> Value:
        """Name the axes of a quantity, and cut what is too long to show."""
        shape = known.get(name, ())
        return Value(
            name,
            shape,
            named_dtype(there if here is None else here),
            labelled(shape, named(name, shape, axes, known), self.labels, MOST_SHOWN),
            beginning(here),
            beginning(there),
            cut=cut_sentence(shape or lengths_of(there if here is None else here)),
        )

    def judged(self, here: Any, there: Any, right: Any, units: Any) -> Agreement:
        """Compare PyTorch with the reference, or in float32 both with the truth."""
        if not self.dtype or right is None:
            return compare(here, there, units)
        both = [compare(right, each, units, self.dtype) for each in (here, there)]
        return max(both, key=lambda each: each.error)


def with_agreement(value: Value, found: Agreement, here: Any, there: Any) -> Value:
    """Say how well both backends agree on a value."""
    return replace(
        value,
        difference=compare(here, there).difference,
        error=found.error,
        agrees=found.holds,
        reason="" if found.holds else found.reason,
    )


def beginning(value: Any) -> Any:
    """Cut an array, a list or a table to what is shown of it."""
    if isinstance(value, np.ndarray):
        return value[tuple(slice(MOST_SHOWN) for _ in value.shape)]
    if is_table(value):
        return [entries[:MOST_SHOWN] for entries in value]
    return value[:MOST_SHOWN] if isinstance(value, list) else value


def is_table(value: Any) -> bool:
    """Whether a list holds keys, and as many values: so tables are recorded."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    are_lists = all(
        isinstance(entries, list) or (isinstance(entries, np.ndarray) and entries.ndim)
        for entries in value
    )
    return are_lists and len(value[0]) == len(value[1]) > 0


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


def repeats(stored: Stored) -> bool:
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


def lengths_of(value: Any) -> tuple[int, ...]:
    """Return how many entries a list or a table has; nothing of anything else."""
    if is_table(value):
        return (len(value[0]),)
    return (len(value),) if isinstance(value, list) else ()


def cut_sentence(shape: tuple[int, ...]) -> str:
    """Say what of an array is left out, if anything is."""
    if all(size <= MOST_SHOWN for size in shape):
        return ""
    return f"The first {MOST_SHOWN} of {max(shape):,} are shown."
