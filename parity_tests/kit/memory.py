"""How arrays lie in memory, as code may notice that takes them for contiguous."""

from collections.abc import Iterator
from typing import Any

import numpy as np

LAYOUTS = (
    "transposed in memory",
    "with a negative stride",
    "with gaps in memory",
    "that is not contiguous",
    "that is read-only",
)


def layouts_of(array: np.ndarray[Any, Any]) -> Iterator[str]:
    """Yield how an array lies in memory, where it does so in an unusual way.

    >>> [*layouts_of(np.ones((2, 3)).T)]
    ['transposed in memory', 'that is not contiguous']
    >>> [*layouts_of(np.ones((2, 3))[::-1])]
    ['with a negative stride', 'that is not contiguous']
    """
    transposed, negative, gaps, other, read_only = LAYOUTS
    strides = [s for s, n in zip(array.strides, array.shape, strict=True) if n > 1]
    if sorted(strides, key=abs, reverse=True) != strides:
        yield transposed
    elif any(stride < 0 for stride in strides):
        yield negative
    elif not array.flags.c_contiguous:
        yield gaps
    if not array.flags.c_contiguous:
        yield other
    if not array.flags.writeable:
        yield read_only
