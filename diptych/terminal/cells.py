"""A value in a terminal: its name, shape and agreement above a table of its numbers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from diptych.reader.fold import folded
from diptych.reader.heat import difference, heat, largest_of, number
from diptych.reader.model import Value
from diptych.reader.visible import short, visible, visible_bytes, visible_line

LONGEST_LABEL, GAP, MOST_ROWS = 8, 3, 16
Lines = list[Text]


def side_by_side(blocks: Sequence[Lines], width: int) -> Lines:
    """Lay blocks beside each other as far as they fit, and the others below."""
    lines: Lines = []
    line: list[Lines] = []
    for block in blocks:
        if line and sum(wide(b) + GAP for b in line) + wide(block) > width:
            lines += [*joined(line), Text()]
            line = []
        line.append(block)
    return [*lines, *(joined(line) if line else [])]


def joined(blocks: Sequence[Lines]) -> Lines:
    """Join blocks line by line."""
    lines = []
    for place in range(max(len(block) for block in blocks)):
        line, start = Text(), 0
        for block in blocks:
            if place < len(block):
                line.append(" " * (start - line.cell_len)).append_text(block[place])
            start += wide(block) + GAP
        lines.append(line)
    return lines


def wide(block: Lines) -> int:
    """Return the width of a block."""
    return max((line.cell_len for line in block), default=0)


def value_block(value: Value, head: int, width: int) -> Lines:
    """Draw a value: a heading, and its numbers as a table."""
    heading = heading_of(value)
    shown = value.shown
    if not isinstance(shown, np.ndarray) or shown.ndim == 0:
        return folded(heading.append(f"  {written(shown)}"), width)
    if shown.size == 0:
        return [heading.append("  empty")]
    axes = list(value.axes)
    while shown.ndim > 2:
        place = head if axes[0].name == "H" else 0
        heading.append(f"  {short(visible_line(axes[0].labels[place]), 12)}", "bold")
        shown, axes = shown[place], axes[1:]
    heads = [[visible(label) for label in axis.labels] for axis in axes]
    if shown.ndim == 1:
        only_numbered = list(axes[0].labels) == [str(i) for i in range(shown.size)]
        heads = [[""], [] if only_numbered else heads[0]]
        shown = shown[None]
    rows = heads[0][:MOST_ROWS]
    lines = folded(heading, width)
    lines += table(shown[:MOST_ROWS], rows, heads[1], width)
    if len(rows) < len(shown):
        lines.append(Text(f"The first {MOST_ROWS} rows are shown.", "italic"))
    if value.reason:
        lines += folded(Text(visible_line(value.reason), "red"), width)
    if value.cut:
        lines.append(Text(value.cut, "italic"))
    return lines


def written(value: Any) -> str:
    r"""Write what is no array: a number, a text, or a row of them.

    >>> written(0.5), written(["a b", "c\n"])
    ('0.50', 'a␣b│c⏎')
    """
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, bytes):
        return visible_bytes(value)
    if isinstance(value, list | tuple):
        return "│".join(written(entry) for entry in value)
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return f"[{' '.join(written(entry) for entry in value)}]"
    return number(value[()] if isinstance(value, np.ndarray) else value)


def heading_of(value: Value) -> Text:
    """Say what a value is called, its shape, and whether both sides agree on it."""
    heading = Text.assemble((value.name, "bold"))
    if value.shape:
        heading.append(f" {value.shape}".replace(",)", ")"))
    if value.agrees is None:
        return heading.append(f" {value.side}", "italic")
    gap = difference(value.difference)
    if value.agrees:
        return heading.append(f" ✓ {gap}", "green")
    told = "" if math.isinf(value.difference or 0.0) else f" by {gap}"
    return heading.append(f" ✗ differs{told}", "bold red")


def table(array: Any, rows: list[str], columns: list[str], width: int) -> Lines:
    """Draw numbers with a head for every row and column, in bands that fit.

    Without `columns` no heads stand above the numbers.
    """
    texts = [[number(cell) for cell in row] for row in array]
    largest = largest_of(array)
    stub = max(min(cell_len(label), LONGEST_LABEL) for label in rows)
    stub += stub > 0  # a space behind the labels, if there are any
    longest = [len(text) for row in texts for text in row]
    labels = [min(cell_len(label), LONGEST_LABEL) for label in columns]
    cell = max([*longest, *labels], default=0) + 2
    per_band = max((width - stub) // cell, 1)
    lines: Lines = []
    for start in range(0, array.shape[1], per_band):
        band = slice(start, start + per_band)
        if columns:
            heads = [padded(label, cell) for label in columns[band]]
            lines.append(Text.assemble(" " * stub, *heads))
        for label, row, numbers in zip(rows, texts, array, strict=True):
            line = Text.assemble(padded(label, stub, left=True))
            for text, value in zip(row[band], numbers[band], strict=True):
                line.append(f"{text:>{cell - 1}} ", heat(value, largest))
            lines.append(line)
    return lines


def padded(label: str, width: int, left: bool = False) -> Text:
    """Set a label left or right in its place, cut if it is too long."""
    said = short(label, LONGEST_LABEL)
    space = " " * (width - cell_len(said))
    return Text(f"{said}{space}" if left else f"{space[1:]}{said} ", "bold")
