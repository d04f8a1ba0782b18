"""Fold lines that are wider than a terminal, so that nothing is ever cut."""

from rich.text import Text

FOLDED = "↪ "


def folded(line: Text, width: int) -> list[Text]:
    """Fold a line that is too long; a mark leads what belongs to it.

    >>> [part.plain for part in folded(Text("a = b + c"), 6)]
    ['a = b ', '↪ + c']
    """
    parts: list[Text] = []
    while (space := width - (len(FOLDED) if parts else 0)) < line.cell_len:
        count = max(space, 1)
        while count > 1 and line[:count].cell_len > space:
            count -= 1
        part, line = line.divide([count])
        parts.append(part)
    parts.append(line)
    return [parts[0], *(Text.assemble((FOLDED, "dim"), part) for part in parts[1:])]
