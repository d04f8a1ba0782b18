"""Values as tables: tokens as row and column heads, one head of attention at a time.

A `Figure` is one quantity of one row. Its panels are the parts of it that are looked
at one after the other: the heads of attention, the calls of a function, the passes of
a loop.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diptych.reader.model import Row, Run, Value
from diptych.site.palette import strength
from diptych.site.wording import apart, shape_in_words, written

MOST_PANELS = 8
MOST_CELLS = {True: 120, False: 576}  # of all panels of a figure: strips, tables


@dataclass(frozen=True)
class Cell:
    """One number: as it is drawn, and as each side has it to the last digit."""

    text: str
    kind: str = ""
    numpy: str = ""
    torch: str = ""


@dataclass(frozen=True)
class Table:
    """Rows and columns with their heads."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    @property
    def plain(self) -> bool:
        """Whether no cell has a colour: ids, counts and marks."""
        return not any(cell.kind for _, row in self.rows for cell in row)


@dataclass(frozen=True)
class Panel:
    """One part of a quantity, and where it is found: `picks` by kind of choice.

    A matrix is a table, a vector a strip of cells under their labels; what holds no
    numbers is a row of pieces.
    """

    label: str
    picks: tuple[tuple[str, int], ...]
    table: Table | None = None
    strip: tuple[tuple[str, Cell], ...] = ()
    pieces: tuple[str, ...] = ()

    @property
    def n_cells(self) -> int:
        """How many cells it has."""
        rows = self.table.rows if self.table else ()
        return len(self.strip) + len(self.pieces) + sum(len(cells) for _, cells in rows)

    @property
    def counted(self) -> bool:
        """Whether the labels of the strip only count from 0 on."""
        labels = [label for label, _ in self.strip]
        return len(labels) > 1 and labels == [str(n) for n in range(len(labels))]


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
    """Draw one quantity: a panel for each run and each place of its leading axes."""
    found = [(run, value) for run in runs for value in run.values if value.name == name]
    values = [value for _, value in found]
    some = max(values, key=lambda value: value.difference or 0.0)
    several = {
        "call": len({run.call for run, _ in found}) > 1,
        "pass": len({run.turn for run, _ in found}) > 1,
    }
    shown = [panel for run, value in found for panel in panels(run, value, several)]
    fitting = few(shown)
    return Figure(
        name=name,
        shape=shape_in_words(some),
        dtype=some.dtype,
        verdict=apart(values),
        agrees=None if some.agrees is None else all(v.agrees for v in values),
        panels=tuple(fitting),
        cut=tuple(filter(None, [some.cut, left_out(len(fitting), len(shown))])),
    )


def few(panels: list[Panel]) -> list[Panel]:
    """Keep as many panels as a page can carry, one at the least."""
    kept, n_cells = panels[:1], 0
    for before, panel in itertools.pairwise(panels[:MOST_PANELS]):
        n_cells += before.n_cells
        if n_cells + panel.n_cells > MOST_CELLS[panel.table is None]:
            break
        kept.append(panel)
    return kept


def left_out(n_shown: int, n_panels: int) -> str:
    """Say how many panels are shown, if that is not all of them."""
    return f"The first {n_shown} of {n_panels} are shown." if n_shown < n_panels else ""


def panels(run: Run, value: Value, several: dict[str, bool]) -> Iterator[Panel]:
    """Yield a table for each place of the axes before the last two."""
    picks, words = [], []
    for kind, place in (("call", run.call), ("pass", run.turn - 1)):
        if several[kind]:
            picks.append((kind, place))
            words.append(f"{kind} {place + 1}")
    if not isinstance(value.shown, np.ndarray):
        yield Panel(", ".join(words), tuple(picks), pieces=pieces(value.shown))
        return
    leading = value.axes[:-2]
    for places in itertools.product(*(range(len(axis.labels)) for axis in leading)):
        own = zip(leading, places, strict=True)
        found = [
            (axis.name or "part", at, axis.labels[at])
            for axis, at in own
            if len(axis.labels) > 1
        ]
        label = ", ".join([*words, *(said for _, _, said in found)])
        where = (*picks, *((name, at) for name, at, _ in found))
        yield Panel(label, where, **drawn(value, places))


def pieces(shown: Any) -> tuple[str, ...]:
    """Write text, or a row of texts, piece by piece."""
    entries = shown if isinstance(shown, list | tuple) else [shown]
    return tuple(written(entry) for entry in entries)


def drawn(value: Value, places: tuple[int, ...]) -> dict[str, Any]:
    """Draw the last two axes of a value at the given places of the others."""
    here, there = (
        None if side is None else np.asarray(side)[places].tolist()
        for side in (value.reference, value.torch)
    )
    largest = largest_of(value.shown)
    if not value.axes:
        return {"strip": (("", cell(here, there, largest)),)}
    if len(value.axes) == 1:
        row = cells(here, there, largest)
        return {"strip": tuple(zip(value.axes[0].labels, row, strict=True))}
    names, heads = (axis.labels for axis in value.axes[-2:])
    rows = [cells(*both, largest) for both in beside(here, there)]
    return {"table": Table(heads, tuple(zip(names, rows, strict=True)))}


def cells(here: Any, there: Any, largest: float) -> tuple[Cell, ...]:
    """Draw a row of entries."""
    return tuple(cell(*both, largest) for both in beside(here, there))


def beside(here: Any, there: Any) -> Iterator[tuple[Any, Any]]:
    """Pair the entries of both sides; a side that lacks the quantity has None."""
    if here is None:
        return zip(itertools.repeat(None), there, strict=False)
    return zip(here, itertools.repeat(None) if there is None else there, strict=False)


def largest_of(shown: Any) -> float:
    """Return the largest finite size among floating-point numbers, and 0 for others."""
    if shown.dtype.kind != "f":
        return 0.0
    sizes = np.abs(shown[np.isfinite(shown)])
    return float(sizes.max(initial=0.0))


def cell(here: Any, there: Any, largest: float) -> Cell:
    """Draw one entry; what may be rounded has a colour and its last digits."""
    shown = there if here is None else here
    if not isinstance(shown, float):
        return Cell(written(shown))
    kind = strength(shown, largest) if np.isfinite(shown) else "none"
    exact = ["" if side is None else repr(side) for side in (here, there)]
    return Cell(written(shown), kind, *exact)
