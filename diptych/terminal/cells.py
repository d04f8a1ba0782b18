"""A value in a terminal: its name, shape and agreement above a table of its numbers."""

import math
from typing import Any

import numpy as np
from rich.cells import cell_len
from rich.text import Text

from diptych.reader.measure import is_table
from diptych.reader.model import Value
from diptych.reader.numerals import difference, number
from diptych.reader.visible import short, visible, visible_bytes, visible_line
from diptych.terminal.blocks import Lines
from diptych.terminal.fold import folded
from diptych.terminal.heat import heat, largest_of

LONGEST_LABEL, MOST_ROWS = 8, 16


def value_block(value: Value, head: int, width: int) -> Lines:
    """Draw a value: a heading, and its numbers as a table."""
    heading = heading_of(value)
    shown = value.shown
    if not isinstance(shown, np.ndarray) or shown.ndim == 0:
        lines = folded(heading.append(f"  {written(shown)}"), width)
        return [*lines, *([Text(value.cut, "italic")] if value.cut else [])]
    if shown.size == 0:
        return [heading.append("  empty")]
    axes = list(value.axes)
    while shown.ndim > 2:
        index = head if axes[0].name == "H" else 0
        heading.append(f"  {short(visible_line(axes[0].labels[index]), 12)}", "bold")
        shown, axes = shown[index], axes[1:]
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
    if is_table(value):
        pairs = zip(*value, strict=True)
        return "│".join(f"{written(key)} → {written(entry)}" for key, entry in pairs)
    if isinstance(value, list | tuple):
        return "│".join(written(entry) for entry in value)
    if isinstance(value, np.ndarray) and value.ndim > 0:
        return f"[{' '.join(written(entry) for entry in value)}]"
    return number(value[()] if isinstance(value, np.ndarray) else value)


def heading_of(value: Value) -> Text:
    """Say what a value is called, its shape, and whether both backends agree on it."""
    heading = Text.assemble((value.name, "bold"))
    if value.shape:
        heading.append(f" {value.shape}".replace(",)", ")"))
    if value.agrees is None:
        return heading.append(f" {value.owner}", "italic")
    gap = difference(value.difference)
    if value.agrees:
        return heading.append(f" ✓ {gap}", "green")
    by = "" if math.isinf(value.difference or 0.0) else f" by {gap}"
    return heading.append(f" ✗ differs{by}", "bold red")


def table(array: Any, rows: list[str], columns: list[str], width: int) -> Lines:
    """Draw numbers with a head for every row and column, in bands that fit.

    Without `columns` there are no heads above the numbers.
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
    """Align a label left or right, cut if it is too long."""
    cut = short(label, LONGEST_LABEL)
    space = " " * (width - cell_len(cut))
    return Text(f"{cut}{space}" if left else f"{space[1:]}{cut} ", "bold")
