"""The curve of a run in a terminal: braille dots, two across and four down a cell."""

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 56, 10  # in cells
LABEL = 8  # the width of what is written at the axis
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = 0x2800
TINY = 1e-17  # what counts for no difference on a logarithmic axis

Curve = Sequence[float]


def loss_curve(losses: Sequence[Curve], height: int = HEIGHT) -> list[str]:
    """Draw losses over steps; those of several backends on each other.

    >>> for row in loss_curve([[2.0, 1.0]], height=2):
    ...     print(row[:12])
       2.000 ⠉⠉⠉
       1.000 ⠀⠀⠀
             ste
    """
    return drawn(losses, "{:.3f}", height)


def difference_curve(differences: Curve, height: int = 3) -> list[str]:
    """Draw how far the losses are apart, on a logarithmic axis."""
    logs = [math.log10(max(each, TINY)) for each in differences]
    return drawn([logs], "1e{:.0f}", height)


def drawn(curves: Sequence[Curve], label: str, height: int) -> list[str]:
    """Draw curves over one axis, with the largest and the smallest value beside it."""
    values = [value for curve in curves for value in curve if math.isfinite(value)]
    if not values:
        return []
    low, high = min(values), max(values)
    cells = [[BLANK] * WIDTH for _ in range(height)]
    for curve in curves:
        for x, y in dots_of(curve, low, high, height):
            cells[y // 4][x // 2] |= DOTS[y % 4][x % 2]
    labels = [label.format(high), *[""] * (height - 2), label.format(low)]
    rows = zip(labels, cells, strict=True)
    picture = [f"{text:>{LABEL}} {''.join(map(chr, row))}" for text, row in rows]
    last = f"{max(map(len, curves))}"
    return [*picture, f"{'':{LABEL}} step 1{last:>{WIDTH - 6}}"]


def dots_of(
    curve: Curve, low: float, high: float, height: int
) -> list[tuple[int, int]]:
    """Find the dots that a curve goes through, with none missing between two steps."""
    across, down, scale = 2 * WIDTH - 1, 4 * height - 1, (high - low) or 1.0
    dots: list[tuple[int, int]] = []
    for x in range(across + 1):
        value = curve[round(x / across * (len(curve) - 1))]
        if math.isfinite(value):
            y = round((high - value) / scale * down)
            before = dots[-1][1] if dots else y
            dots += [(x, each) for each in range(min(before, y), max(before, y))]
            dots.append((x, y))
    return dots
