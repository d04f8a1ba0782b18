"""Label rows of numbers by the text that they stand for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diptych.reader.model import Axis, Value

Spell = Callable[[Any], tuple[str, ...]]


class Spelling:
    """What the rows of one call stand for; each label comes from a value of the call.

    `by_name` says how to spell a row with such a name: `points` are characters.

    >>> spelling = Spelling({"points": characters})
    >>> value = Value("points", (2,), "int64", (Axis("N", ("0", "1")),), None, None)
    >>> spelling.labelled((value,), {"points": np.array([104, 105])})[0].axes
    (Axis(name='N', labels=('h', 'i')),)
    """

    def __init__(self, by_name: Mapping[str, Spell]):
        self.by_name = by_name
        self.words: dict[int, tuple[str, ...]] = {}
        self.known: dict[tuple[str, int], tuple[str, ...]] = {}

    def labelled(
        self, values: tuple[Value, ...], stored: Mapping[str, Any]
    ) -> tuple[Value, ...]:
        """Label the rows among values, after looking for text among what was stored."""
        for name, value in stored.items():
            if isinstance(value, list) and value and isinstance(value[0], str):
                self.words[len(value)] = tuple(value)
            elif name in self.by_name and isinstance(value, np.ndarray):
                axis = next((v.axes[0].name for v in values if v.name == name), "")
                self.known[axis or name, len(value)] = self.by_name[name](value)
        return tuple(self.with_labels(value) for value in values)

    def with_labels(self, value: Value) -> Value:
        """Label a row: by itself, by a row along the same axis, or by words."""
        if len(value.axes) != 1:
            return value
        axis, size = value.axes[0], value.shape[0]
        labels = (
            self.known.get((value.name, size))
            or self.known.get((axis.name, size))
            or self.words.get(size)
        )
        if labels is None:
            return value
        return replace(value, axes=(Axis(axis.name, labels[: len(axis.labels)]),))


def characters(points: Any) -> tuple[str, ...]:
    """Spell code points; the end of a text, which is none, is left empty."""
    return tuple(chr(p) if 0 <= p < 0x110000 else "" for p in points.tolist())
