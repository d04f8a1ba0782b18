"""The curve of a run as an SVG: losses above, and how far they are apart below."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT, MIDDLE = 720, 480, 330  # where the lower panel begins
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 40  # margins
LINES = {  # of Okabe and Ito, which differ for colour-blind readers too
    "numpy": 'stroke="#0072b2" stroke-width="5" stroke-opacity="0.45"',
    "torch": 'stroke="#d55e00" stroke-width="1.5"',
}
OF_DIFFERENCE = 'stroke="#000000" stroke-width="1"'
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    f' font-family="sans-serif" role="img">\n'
    f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
)
TINY = 1e-17  # what counts for no difference on a logarithmic axis

Curve = Sequence[float]
Place = Callable[[int, float], tuple[float, float]]


def picture(
    title: str, losses: Mapping[str, Curve], differences: Curve, at_random: float
) -> str:
    """Draw the losses of each backend, one on the other, and their difference.

    `at_random` is the loss of a model to which all ids are equally probable.

    >>> svg = picture("a title", {"numpy": [2.0, 1.0]}, [], at_random=2.0)
    >>> svg.count("<polyline"), svg.count("</svg>")
    (1, 1)
    """
    n_steps = max(map(len, losses.values()))
    highest = max(at_random, *(max(curve) for curve in losses.values()))
    top = math.ceil(highest) if math.isfinite(highest) else math.ceil(at_random)
    place = placed(n_steps, (0, top), (TOP, MIDDLE - 30))
    shapes = [text(LEFT, 20, title, "start", 14)]
    for loss in range(top + 1):
        shapes += grid(place, n_steps, loss, str(loss))
    (x, y), (end, _) = place(1, at_random), place(n_steps, at_random)
    dashed = 'stroke="#888888" stroke-dasharray="4 4"'
    shapes.append(
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}" {dashed}/>'
    )
    shapes.append(text(end, y - 5, "all ids equally probable", "end"))
    for number, (name, curve) in enumerate(losses.items()):
        shapes.append(line(place, curve, LINES[name]))
        across = LEFT + 120 * number
        shapes.append(f'<path d="M{across} 32h20" fill="none" {LINES[name]}/>')
        shapes.append(text(across + 26, 36, f"{name}, loss", "start"))
    if differences:
        shapes += below(differences)
    shapes.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, f"{n_steps} steps"))
    return "\n".join([HEAD, f"<title>{escape(title)}</title>", *shapes, "</svg>\n"])


def below(differences: Curve) -> list[str]:
    """Draw the difference of the losses on a logarithmic axis."""
    logs = [math.log10(max(each, TINY)) for each in differences]
    finite = [each for each in logs if math.isfinite(each)] or [0.0]
    low = math.floor(min(finite))
    high = max(math.ceil(max(finite)), low + 1)
    place = placed(len(logs), (low, high), (MIDDLE, HEIGHT - BOTTOM))
    shapes = [
        text(
            LEFT,
            MIDDLE - 10,
            "difference of the two losses; none is drawn as 1e-17",
            "start",
        )
    ]
    for power in sorted({low, (low + high) // 2, high}):
        shapes += grid(place, len(logs), power, f"1e{power}")
    return [*shapes, line(place, logs, OF_DIFFERENCE)]


def placed(
    n_steps: int, values: tuple[float, float], down: tuple[float, float]
) -> Place:
    """Return where a step (from 1) and a value stand in a panel."""
    (low, high), (top, bottom) = values, down

    def place(step: int, value: float) -> tuple[float, float]:
        right = (step - 1) / max(n_steps - 1, 1)
        share = (high - value) / (high - low)
        return LEFT + (WIDTH - LEFT - RIGHT) * right, top + (bottom - top) * share

    return place


def grid(place: Place, n_steps: int, value: float, label: str) -> list[str]:
    """Draw a line across a panel, with its label."""
    (x, y), (end, _) = place(1, value), place(max(n_steps, 2), value)
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{end:.1f}" y2="{y:.1f}"'
    return [f'<line {ends} stroke="#dddddd"/>', text(LEFT - 8, y + 4, label, "end")]


def line(place: Place, curve: Curve, style: str) -> str:
    """Draw a curve through what is finite of it."""
    steps = enumerate(curve, start=1)
    points = [place(step, value) for step, value in steps if math.isfinite(value)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {style}/>'


def text(x: float, y: float, words: str, anchor: str = "middle", size: int = 11) -> str:
    """Write words."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="#222222">{escape(words)}</text>'
