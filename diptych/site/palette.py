"""The colours of values and of code, light and dark, each readable on its ground.

A cell has one of nine strengths: blue for what is positive, orange for what is
negative. The number is always in the cell, so that no meaning depends on colour.
"""

from typing import Any

from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES

STRENGTHS = 8
LEAST_CONTRAST = 4.5

LIGHT = {"ground": "#ffffff", "ink": "#1b1a19", "p": "#0b4a9e", "n": "#ad4509"}
DARK = {"ground": "#1a1d23", "ink": "#eceae6", "p": "#6ea8ff", "n": "#ff9d5c"}
CODE_STYLES = {"light": "xcode", "dark": "github-dark"}
CODE_GROUND = {"light": "#ffffff", "dark": "#1a1d23"}


def strength(value: float, largest: float) -> str:
    """Name the class of a cell: `p8` is the largest value, `n8` its negative.

    >>> strength(0.5, 1.0), strength(-1.0, 1.0), strength(0.0, 1.0)
    ('p4', 'n8', 'z')
    """
    level = round(STRENGTHS * min(abs(value) / largest, 1.0)) if largest > 0 else 0
    if level == 0:
        return "z"
    return f"{'p' if value > 0 else 'n'}{level}"


def heat_colours(theme: dict[str, str], sign: str, level: int) -> tuple[str, str]:
    """Give the ground and the ink of a cell; the ink that reads better is taken."""
    ground = blend(theme["ground"], theme[sign], level / STRENGTHS)
    inks = ["#0f0e0d", "#ffffff"]
    return ground, max(inks, key=lambda ink: contrast(ground, ink))


def blend(one: str, other: str, share: float) -> str:
    """Mix two colours in the values of the display, which look evenly spaced.

    >>> blend("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = zip(channels(one), channels(other), strict=True)
    mixed = [(1 - share) * a + share * b for a, b in pairs]
    return "#" + "".join(f"{round(255 * value):02x}" for value in mixed)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2.2 defines it.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour."""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def channels(colour: str) -> list[float]:
    """Read red, green and blue of `#rrggbb`, each from 0 to 1."""
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def style_sheet() -> str:
    """Write the CSS rules of cells and of code, both themes in one rule."""
    rules = []
    for sign in "pn":
        for level in range(1, STRENGTHS + 1):
            pairs = zip(
                heat_colours(LIGHT, sign, level),
                heat_colours(DARK, sign, level),
                strict=True,
            )
            ground, ink = (f"light-dark({light},{dark})" for light, dark in pairs)
            rules.append(f".heat .{sign}{level}{{background:{ground};color:{ink}}}")
    light, dark = code_colours("light"), code_colours("dark")
    for name in sorted(light):
        colour = f"light-dark({light[name]},{dark[name]})"
        rules.append(f".code .{name}{{color:{colour}}}")
    return "\n".join(rules) + "\n"


def code_colours(theme: str) -> dict[str, str]:
    """Give the colour of each kind of token by its short class name."""
    style: Any = get_style_by_name(CODE_STYLES[theme])
    plain = LIGHT["ink"] if theme == "light" else DARK["ink"]
    return {
        short: f"#{style.style_for_token(token)['color']}"
        if style.style_for_token(token)["color"]
        else plain
        for token, short in STANDARD_TYPES.items()
        if short and short not in ("w", "p", "o", "n")
    }
