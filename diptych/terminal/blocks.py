"""Blocks of lines in a terminal, side by side as far as they fit."""

from collections.abc import Sequence

from rich.text import Text

GAP = 3
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
    for number in range(max(len(block) for block in blocks)):
        line, start = Text(), 0
        for block in blocks:
            if number < len(block):
                line.append(" " * (start - line.cell_len)).append_text(block[number])
            start += wide(block) + GAP
        lines.append(line)
    return lines


def wide(block: Lines) -> int:
    """Return the width of a block."""
    return max((line.cell_len for line in block), default=0)
