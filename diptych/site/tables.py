"""Values as tables: tokens as row and column heads, and in each cell the number."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from diptych.reader.model import Value
from diptych.site.palette import strength
from diptych.site.wording import written


@dataclass(frozen=True)
class Cell:
    """One number: as it is drawn, and as each backend has it to the last digit."""

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
    """One part of a quantity, and where it is: `picks` by kind of choice.

    A matrix is a table, a vector a strip of cells under their labels; what holds no
    numbers is a list of pieces.
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


def drawn(value: Value, index: tuple[int, ...]) -> dict[str, Any]:
    """Draw the last two axes of a value at an index of the others."""
    reference, torch = value.reference, value.torch
    if value.owner == "both" and np.shape(reference) != np.shape(torch):
        torch = None  # it has no cells to put beside those of the reference
    here, there = (
        None if each is None else np.asarray(each)[index].tolist()
        for each in (reference, torch)
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
    """Pair the entries of both; a backend that lacks the quantity has None."""
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
    exact = ["" if each is None else repr(each) for each in (here, there)]
    return Cell(written(shown), kind, *exact)
