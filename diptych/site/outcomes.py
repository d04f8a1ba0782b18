"""The outcome of a run, drawn alone or marked wherever it differs from another."""

from dataclasses import replace
from typing import Any

import numpy as np

from diptych.reader.measure import numbers
from diptych.reader.model import Axis, Run, Value
from diptych.site.figures import figure
from diptych.site.tables import Cell, Panel, Table

Drawing = tuple[Panel, ...]
LONGEST = 120  # characters of a piece
OFF = "off"  # the class of a cell that is not as it should be


def draw(result: Any, tokens: tuple[str, ...]) -> Drawing:
    """Draw a result; an axis as long as the text is labelled with its tokens."""
    shown = numbers(result)
    shape = shown.shape if isinstance(shown, np.ndarray) else ()
    axes = tuple(axis(size, tokens) for size in shape)
    value = Value("result", shape, "", axes, shown, None)
    panels = figure("result", (Run(0, 1, (value,)),)).panels
    return tuple(bare(replace(each, pieces=cut(each.pieces))) for each in panels)


def cut(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """Cut pieces that are too long to be looked at."""
    return tuple(
        piece if len(piece) <= LONGEST else f"{piece[:LONGEST]}…" for piece in pieces
    )


def axis(size: int, tokens: tuple[str, ...]) -> Axis:
    """Label an axis with the tokens, or with numbers."""
    known = tokens if len(tokens) == size else tuple(str(n) for n in range(size))
    return Axis("", known)


def bare(panel: Panel) -> Panel:
    """Drop the exact numbers of each cell, which nobody asks for here."""
    return each_cell(panel, lambda cell, _: Cell(cell.text, cell.kind), panel)


def marked(drawing: Drawing, right: Drawing) -> Drawing:
    """Mark every cell that reads otherwise than the same cell of another drawing."""
    if len(drawing) != len(right):
        return drawing
    return tuple(
        each_cell(panel, lambda cell, other: off(cell, other), beside)
        for panel, beside in zip(drawing, right, strict=True)
    )


def off(cell: Cell, right: Cell | None) -> Cell:
    """Mark a cell unless it reads as the right one does."""
    same = right is not None and right.text == cell.text
    return cell if same else replace(cell, kind=f"{cell.kind} {OFF}".strip())


def each_cell(panel: Panel, change: Any, beside: Panel) -> Panel:
    """Change every cell of a panel, given the same cell of another."""
    strip = tuple(
        (
            label,
            change(cell, beside.strip[index][1] if index < len(beside.strip) else None),
        )
        for index, (label, cell) in enumerate(panel.strip)
    )
    if panel.table is None:
        return replace(panel, strip=strip)
    others = beside.table.rows if beside.table else ()
    rows = []
    for i, (label, cells) in enumerate(panel.table.rows):
        row = others[i][1] if i < len(others) else ()
        pairs = (
            (cell, row[j] if j < len(row) else None) for j, cell in enumerate(cells)
        )
        rows.append((label, tuple(change(*pair) for pair in pairs)))
    return replace(panel, table=Table(panel.table.heads, tuple(rows)))
