"""Tables in Markdown."""

SEPARATOR = " · "  # between the numbers of one cell


def written(heads: list[str], rows: list[list[str]]) -> str:
    """Write a table.

    >>> print(written(["a", "b"], [["c", "1"]]))
    | a | b |
    | --- | ---: |
    | c | 1 |
    """
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def share(part: float) -> str:
    """Write a share in percent, and round neither to none nor to all.

    >>> share(0.5), share(0.999), share(0.001), share(1.0)
    ('50', '99', '1', '100')
    """
    percent = min(max(round(100 * part), int(part > 0)), 99)
    return "100" if part == 1 else str(percent)
