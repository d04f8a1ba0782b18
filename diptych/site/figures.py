"""Figures: the quantities of a row, part by part, as far as a page can carry them.

Heads of attention, calls of a function and rounds of a loop become panels, which are
looked at one after the other.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diptych.reader.measure import is_table
from diptych.reader.model import Row, Run, Value
from diptych.site.tables import Panel, drawn
from diptych.site.wording import agreement, shape_in_words, shortened, written

MOST_PANELS = 8
LONGEST_PIECE = 120
MOST_CELLS = {True: 120, False: 300}  # of all panels of a figure: strips, tables


@dataclass(frozen=True)
class Figure:
    """One quantity of one row, ready to be drawn."""

    name: str
    shape: str
    dtype: str
    verdict: str
    agrees: bool | None
    panels: tuple[Panel, ...]
    cut: tuple[str, ...]


def figures(row: Row) -> list[Figure]:
    """Draw every quantity of a row; what several runs computed becomes panels."""
    names = dict.fromkeys(value.name for run in row.runs for value in run.values)
    return [figure(name, row.runs) for name in names]


def figure(name: str, runs: tuple[Run, ...]) -> Figure:
    """Draw one quantity: a panel for each run and each index of its leading axes."""
    found = [(run, value) for run in runs for value in run.values if value.name == name]
    values = [value for _, value in found]
    some = max(values, key=lambda value: value.difference or 0.0)
    several = {
        "call": len({run.call for run, _ in found}) > 1,
        "round": len({run.turn for run, _ in found}) > 1,
    }
    shown = [panel for run, value in found for panel in panels(run, value, several)]
    fitting = few(shown)
    return Figure(
        name=name,
        shape=shape_in_words(some),
        dtype=some.dtype,
        verdict=agreement(values),
        agrees=None if some.agrees is None else all(v.agrees for v in values),
        panels=tuple(fitting),
        cut=tuple(filter(None, [some.cut, left_out(len(fitting), len(shown))])),
    )


def few(panels: list[Panel]) -> list[Panel]:
    """Take as many panels as a page can carry, one at the least."""
    fitting, n_cells = panels[:1], 0
    for before, panel in itertools.pairwise(panels[:MOST_PANELS]):
        n_cells += before.n_cells
        if n_cells + panel.n_cells > MOST_CELLS[panel.table is None]:
            break
        fitting.append(panel)
    return fitting


def left_out(n_shown: int, n_panels: int) -> str:
    """Say how many panels are shown, if that is not all of them."""
    return f"The first {n_shown} of {n_panels} are shown." if n_shown < n_panels else ""


def panels(run: Run, value: Value, several: dict[str, bool]) -> Iterator[Panel]:
    """Yield a table for each index of the axes before the last two."""
    picks, words = [], []
    for kind, number in (("call", run.call), ("round", run.turn - 1)):
        if several[kind]:
            picks.append((kind, number))
            words.append(f"{kind} {number + 1}")
    if not isinstance(value.shown, np.ndarray):
        yield Panel(", ".join(words), tuple(picks), pieces=pieces(value.shown))
        return
    leading = value.axes[:-2]
    for index in itertools.product(*(range(len(axis.labels)) for axis in leading)):
        own = zip(leading, index, strict=True)
        found = [
            (axis.name or "part", at, axis.labels[at])
            for axis, at in own
            if len(axis.labels) > 1
        ]
        label = ", ".join([*words, *(said for _, _, said in found)])
        where = (*picks, *((name, at) for name, at, _ in found))
        yield Panel(label, where, **drawn(value, index))


def pieces(shown: Any) -> tuple[str, ...]:
    """Write text, or a list of texts, piece by piece; what is too long is cut."""
    return tuple(shortened(entry, LONGEST_PIECE) for entry in entries_of(shown))


def entries_of(shown: Any) -> list[str]:
    """Write every entry; a table is recorded as its keys and its values.

    >>> entries_of(["a b", "c"]), entries_of([["a", "b"], [0, 1]])
    (['a␣b', 'c'], ['a → 0', 'b → 1'])
    """
    if not isinstance(shown, list | tuple):
        return [written(shown)]
    if is_table(shown):
        pairs = zip(*shown, strict=True)
        return [f"{written(key)} → {written(value)}" for key, value in pairs]
    return [written(entry) for entry in shown]
