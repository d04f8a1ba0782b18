"""Verdicts in words, and values as they are in a cell."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from diptych.reader.model import Value
from diptych.reader.numerals import number as numeral
from diptych.reader.visible import visible, visible_bytes

LONGEST = 16


def written(value: Any) -> str:
    """Write one entry as the terminal does, with a true minus sign.

    >>> written(-0.456), written("a b"), written(7), written([1, 2])
    ('−0.46', 'a␣b', '7', '1 2')
    """
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, bytes):
        return visible_bytes(value)
    if isinstance(value, np.ndarray | np.generic):
        return written(value.tolist())
    if isinstance(value, list | tuple):
        return " ".join(written(entry) for entry in value)
    number = numeral(value)
    return number.replace("-", "−") if isinstance(value, float) else number


def small(difference: float) -> str:
    """Write a difference.

    >>> small(2.22e-16), small(0.0)
    ('2e-16', '0')
    """
    return f"{difference:.0e}" if difference else "0"


def by(difference: float) -> str:
    """Say by how much something differs, if that is a number.

    >>> by(0.5), by(math.inf)
    (' by 5e-01', '')
    """
    return "" if math.isinf(difference) else f" by {small(difference)}"


def agreement(values: Sequence[Value]) -> str:
    """Say how large the difference of both is, or that only one has the quantity."""
    if values[0].owner != "both":
        return values[0].owner
    difference = max(value.difference or 0.0 for value in values)
    if not all(value.agrees for value in values):
        return f"✗ differs{by(difference)}"
    return f"✓ differs by {small(difference)}" if difference else "✓ equal"


def shape_in_words(value: Value) -> str:
    r"""Write a shape with the letters of its axes.

    The spaces are ones at which no line is broken.

    >>> shape_in_words(Value("x", (6, 3), "float64", (), None, None))
    '6\xa0×\xa03'
    """
    if not value.shape:
        return ""
    letters = [axis.name for axis in value.axes] or [""] * len(value.shape)
    sizes = zip(letters, value.shape, strict=True)
    return "\xa0×\xa0".join(f"{letter}\xa0{size}".strip() for letter, size in sizes)


def shortened(text: str, longest: int = LONGEST) -> str:
    """Cut a text that would be too wide, such as the label of a column.

    >>> shortened("a" * 20)
    'aaaaaaaaaaaaaaa…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"
