"""The colour behind a number in a terminal."""

import math
import os
from typing import Any

import numpy as np
from rich.color import Color
from rich.style import Style

# Blue for what is positive, orange for what is negative: a sign and a number are in
# every cell, so that no meaning is in colour alone. From near zero to the largest.
ON_DARK = {
    1: ("#14283c", "#1b4266", "#22649b", "#3f93d6", "#86c6ff"),
    -1: ("#3a2412", "#663a17", "#99571c", "#d98632", "#ffc078"),
}
ON_LIGHT = {
    1: ("#e3eef9", "#c3dbf1", "#93bfe6", "#4a90cf", "#1b5c9e"),
    -1: ("#fbeadb", "#f6d0ac", "#eda96a", "#cf7420", "#934a08"),
}


def heat(value: Any, largest: float) -> Style:
    """Choose the colours of a cell: the closer to the largest, the stronger."""
    if not isinstance(value, float | np.floating) or not math.isfinite(value):
        return Style.null()
    share = abs(float(value)) / largest if largest > 0 else 0.0
    if share < 0.02:
        return Style.null()
    ramp = (ON_LIGHT if light_background() else ON_DARK)[1 if value > 0 else -1]
    back = ramp[min(int(share * len(ramp)), len(ramp) - 1)]
    front = "#ffffff" if luminance(back) < 0.18 else "#000000"
    return Style(color=front, bgcolor=back)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1.

    >>> luminance("#000000"), luminance("#ffffff")
    (0.0, 1.0)
    """
    red, green, blue = (linear(p) for p in Color.parse(colour).get_truecolor())
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: int) -> float:
    """Undo the gamma of one part of a colour in sRGB, 0 to 255."""
    share = part / 255
    if share <= 0.04045:
        return share / 12.92
    return float(((share + 0.055) / 1.055) ** 2.4)


def light_background() -> bool:
    """Whether the terminal says that its background is light."""
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15")


def largest_of(array: Any) -> float:
    """Return the largest finite size in an array of any kind."""
    numbers = np.abs(np.asarray(array, float))
    return float(numbers[np.isfinite(numbers)].max(initial=0.0))
