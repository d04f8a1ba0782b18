"""Growth curves as pictures: lines over sizes, both axes logarithmic, in SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 220, 34, 44  # margins; the legend stands on the right
COLOURS = (  # of Okabe and Ito, which differ for colour-blind readers too
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"),
)
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    f' font-family="sans-serif" role="img">\n'
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
)

Points = Sequence[tuple[float, float]]


def picture(title: str, axes: tuple[str, str], lines: Mapping[str, Points]) -> str:
    """Draw lines, each through points (size, measured), with a legend.

    >>> svg = picture("a title", ("T", "ms"), {"one": [(1, 1.0), (2, 4.0)]})
    >>> svg.count("<polyline"), svg.count("<circle")
    (1, 3)
    """
    xs = sorted({x for points in lines.values() for x, _ in points})
    ys = [y for points in lines.values() for _, y in points]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    high = max(high, low + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        right = math.log(x / xs[0]) / (math.log(xs[-1] / xs[0]) or 1.0)
        down = (high - math.log10(y)) / (high - low)
        across = LEFT + (WIDTH - LEFT - RIGHT) * right
        return across, TOP + (HEIGHT - TOP - BOTTOM) * down

    shapes = [text(LEFT, 16, title, "start", 14), text(LEFT - 8, TOP - 8, axes[1])]
    shapes.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, axes[0]))
    for x in xs:
        shapes.append(text(place(x, 1)[0], HEIGHT - BOTTOM + 18, f"{x:g}"))
    for power in range(low, high + 1):
        (left, y), (right, _) = place(xs[0], 10.0**power), place(xs[-1], 10.0**power)
        ends = f'x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"'
        shapes.append(f'<line {ends} stroke="#cccccc"/>')
        shapes.append(text(LEFT - 8, y + 4, f"{10.0**power:g}", "end"))
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        shapes.append(curve([place(x, y) for x, y in points], colour))
        at = WIDTH - RIGHT + 20, TOP + 8 + 18 * number
        shapes += [dot(*at, colour), text(at[0] + 10, at[1] + 4, name, "start")]
    return "\n".join([HEAD, f"<title>{escape(title)}</title>", *shapes, "</svg>\n"])


def curve(points: Points, colour: str) -> str:
    """Draw a line, and a dot at each of its points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = f'fill="none" stroke="{colour}" stroke-width="2"'
    line = f'<polyline points="{path}" {style}/>'
    return "\n".join([line, *(dot(x, y, colour) for x, y in points)])


def dot(x: float, y: float, colour: str) -> str:
    """Draw a dot."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def text(x: float, y: float, words: str, anchor: str = "middle", size: int = 11) -> str:
    """Write words."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="#222222">{escape(words)}</text>'


def growth(points: Points) -> float:
    """Return the power with which what was measured grows: 1 if it is linear.

    It is that of the last doubling, where what does not grow counts least.

    >>> growth([(1, 5.0), (2, 8.0), (4, 32.0)])
    2.0
    """
    (x1, y1), (x2, y2) = points[-2:]
    return math.log(y2 / y1) / math.log(x2 / x1)
