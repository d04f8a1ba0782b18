"""How an array lies in memory: the same numbers, reached by other strides."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def plain(array: Array) -> Array:
    """Leave an array as it is, contiguous and in order."""
    return array


def with_gaps(array: Array) -> Array:
    """Let the numbers be every other one of an array that is twice as wide.

    >>> with_gaps(np.zeros((2, 3))).strides
    (48, 16)
    """
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 7, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def transposed(array: Array) -> Array:
    """Let the last axis but one be the innermost in memory.

    >>> transposed(np.zeros((2, 3))).strides
    (8, 16)
    """
    return array.mT.copy().mT if array.ndim > 1 else array


def backwards(array: Array) -> Array:
    """Let the first numbers of the last axis but one, or of the only one, stand last.

    >>> backwards(np.zeros((2, 3))).strides
    (-24, 8)
    """
    axis = max(array.ndim - 2, 0)
    return np.flip(np.flip(array, axis).copy(), axis)


def read_only(array: Array) -> Array:
    """Let nothing be written to it.

    >>> read_only(np.zeros(2)).flags.writeable
    False
    """
    copy = array.copy()
    copy.flags.writeable = False
    return copy


LAYOUTS = {
    "": plain,
    "gaps": with_gaps,
    "transposed": transposed,
    "backwards": backwards,
    "read-only": read_only,
}
IN_WORDS = {
    "gaps": "every other entry of a wider array",
    "transposed": "transposed in memory",
    "backwards": "a view with a negative stride",
    "read-only": "read-only",
}
