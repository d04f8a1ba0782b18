"""The axes of what comes out, each with the words that a report has for it."""

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.pair import Pair

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


@dataclass(frozen=True)
class Axis:
    """What is counted along an axis, by which letter, and of what it is one."""

    word: str
    symbol: str
    of: str = ""

    def one(self, index: int) -> str:
        """Name one index.

        >>> TEXT.one(1), AXES["H"].one(3)
        ('the second text of the batch', 'head 3')
        """
        if self.of and index < len(ORDINALS):
            return f"the {ORDINALS[index]} {self.word}{self.of}"
        return f"{self.word} {index}{self.of}"


TEXT = Axis("text", "b", " of the batch")
AXES = {
    "B": TEXT,
    "T": Axis("token", "t"),
    "S": Axis("key", "s"),
    "C": Axis("channel", "c"),
    "D": Axis("channel", "d"),
    "E": Axis("channel", "e"),
    "H": Axis("head", "h"),
    "G": Axis("group", "g"),
}
ROW, COLUMN = Axis("row", "i"), Axis("column", "j")


def signature_of(pair: Pair) -> inspect.Signature:
    """Return the signature of what runs a case, whose annotations name the axes."""
    part = pair.part(REFERENCE)
    return inspect.signature(getattr(part, "forward", part))


def axes_of_outputs(pair: Pair) -> list[tuple[str, ...]]:
    """Read the axes of each output from the annotation of what is returned."""
    returned = signature_of(pair).return_annotation
    each = [returned] if hasattr(returned, "dim_str") else [*get_args(returned)]
    return [names_in(one) for one in each]


def axes_of_inputs(pair: Pair) -> dict[str, tuple[str, ...]]:
    """Read the axes of each input from its annotation."""
    parameters = signature_of(pair).parameters
    return {name: names_in(each.annotation) for name, each in parameters.items()}


def names_in(annotation: Any) -> tuple[str, ...]:
    """Read the names of the axes in an annotation of jaxtyping; there may be none.

    >>> from jaxtyping import Float
    >>> names_in(Float[np.ndarray, "*B D E"] | None)
    ('*B', 'D', 'E')
    """
    options = get_args(annotation) or (annotation,)
    shapes = [each.dim_str for each in options if hasattr(each, "dim_str")]
    return tuple(shapes[0].split()) if shapes else ()


def with_axes(
    names: tuple[str, ...], wrong: Any, n_leading: int | None = None
) -> tuple[tuple[Axis, ...], Any]:
    """Find the words for the axes of an array.

    What `*B` stands for becomes one axis, so that cases can be put together in which it
    stands for another number of axes; but not if it is `n_leading` in all of them.

    >>> axes, wrong = with_axes(("*B", "T", "E"), np.zeros((2, 3, 5, 4)))
    >>> [axis.word for axis in axes], wrong.shape
    (['text', 'token', 'channel'], (6, 5, 4))
    >>> [axis.one(4) for axis in with_axes(("K",), np.zeros((5, 1)))[0]]
    ['the fifth index of axis 0', 'the fifth index of axis 1']
    """
    leading = bool(names) and names[0].startswith("*")
    own = names[leading:]
    if wrong.ndim < len(own) or (wrong.ndim > len(own) and not leading):
        leading, own = False, ("",) * wrong.ndim
    found = [
        AXES.get(name, Axis("index", f"i{number}", f" of axis {number}"))
        for number, name in enumerate(own)
    ]
    if not leading:
        return tuple(found), wrong
    outer, kept = np.split(wrong.shape, [wrong.ndim - len(own)])
    if len(outer) == n_leading and n_leading > 1:
        several = [
            Axis("text", f"b{i}", f" of leading axis {i}") for i in range(n_leading)
        ]
        return (*several, *found), wrong
    first = TEXT if "T" in own else Axis("entry", "b", " of the batch")
    return (first, *found), np.reshape(wrong, (math.prod(outer), *kept))


def n_leading_of(names: tuple[str, ...], arrays: Sequence[Any]) -> int | None:
    """Return how many axes `*B` stands for, if it is the same number in all arrays.

    >>> n_leading_of(("*B", "T"), [np.ones((2, 3, 4)), np.ones((1, 1, 5))])
    2
    """
    found = {np.ndim(array) - len(names) + 1 for array in arrays}
    return found.pop() if len(found) == 1 else None


def by_head(
    axes: tuple[Axis, ...], wrong: Any, n_heads: int, axis: int = -1
) -> tuple[tuple[Axis, ...], Any]:
    """Cut the channels of an axis into heads; one head is an axis too.

    >>> axes, wrong = by_head((AXES["T"], AXES["E"]), np.zeros((5, 6), bool), 3)
    >>> [axis.word for axis in axes], wrong.shape
    (['token', 'head', 'channel'], (5, 3, 2))
    """
    at = axis % wrong.ndim
    size = wrong.shape[at]
    if n_heads < 1 or size % n_heads:
        return axes, wrong
    shape = (*wrong.shape[:at], n_heads, size // n_heads, *wrong.shape[at + 1 :])
    cut = (*axes[:at], AXES["H"], AXES["D"], *axes[at + 1 :])
    return cut, np.reshape(wrong, shape)
