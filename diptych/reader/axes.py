"""Which axis is which: read from the shape comments and annotations in the source."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

from diptych.reader.files import REFERENCE, TORCH, definition, lines_of
from diptych.reader.model import Axis, Function
from parity_tests.sources.shape_comments import annotated, axes, targets

Labels = Mapping[str, tuple[str, ...]]
COMMENT = re.compile(r"#\s*(?:(\w+) × )?(\([^()]*\)(?:, \([^()]*\))*)\s*$")


@cache
def axes_in(function: Function) -> Mapping[str, tuple[str, ...]]:
    """Read the axes of every name of a function: as the reference has them, if it does.

    >>> forward = Function("attention/causal", "CausalAttention.forward")
    >>> axes_in(forward)["dropped_weights"]
    ('*B', 'T', 'T')
    """
    found: dict[str, tuple[str, ...]] = {}
    for package in (TORCH, REFERENCE):
        if node := definition(package, function):
            found |= annotated(node)
            found |= dict(commented(node, lines_of(package, function.path)))
    return found


def commented(
    node: ast.FunctionDef, lines: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the axes of every assignment that ends in a comment such as `# (T, D)`.

    A list of arrays has its own axis before theirs: `# H × (T, D)`.
    """
    for part in ast.walk(node):
        if not isinstance(part, ast.Assign | ast.AnnAssign) or not part.end_lineno:
            continue
        if match := COMMENT.search(lines[part.end_lineno - 1]):
            own = filter(None, [match[1]])
            shapes = (axes(each) for each in re.findall(r"\(([^()]*)\)", match[2]))
            pairs = zip(targets(part), shapes, strict=False)
            yield from ((name, (*own, *shape)) for name, shape in pairs)


def named(
    name: str,
    shape: tuple[int, ...],
    axes: Mapping[str, tuple[str, ...]],
    shapes: Mapping[str, tuple[int, ...]],
) -> tuple[str, ...]:
    """Name the axes of an array; an uncommented one has those of its neighbours.

    >>> axes, shapes = {"a": ("T", "D")}, {"a": (5, 3), "row_max": (5, 1)}
    >>> named("row_max", (5, 1), axes, shapes)
    ('T', '')
    """
    if name in axes:
        return fitted(axes[name], len(shape))
    for other, its_shape in shapes.items():
        fits = len(its_shape) == len(shape) and all(
            size in (1, its) for size, its in zip(shape, its_shape, strict=True)
        )
        if other in axes and fits:
            names = fitted(axes[other], len(shape))
            pairs = zip(names, shape, its_shape, strict=True)
            return tuple(axis if size == its else "" for axis, size, its in pairs)
    return ("",) * len(shape)


def fitted(axes: tuple[str, ...], n_axes: int) -> tuple[str, ...]:
    """Let a leading `*B` stand for as many axes as there are.

    >>> fitted(("*B", "T", "C"), 2), fitted(("T", "C"), 3)
    (('T', 'C'), ('', '', ''))
    """
    fixed = tuple(axis for axis in axes if not axis.startswith("*"))
    missing = n_axes - len(fixed)
    if missing < 0 or (missing > 0 and len(fixed) == len(axes)):
        return ("",) * n_axes
    return ("",) * missing + fixed


def labelled(
    shape: tuple[int, ...], names: tuple[str, ...], labels: Labels, most: int
) -> tuple[Axis, ...]:
    """Label each axis as far as it is shown: by what is known of it, or by number.

    >>> labelled((2, 1), ("T", "C"), {"T": ("the", "cat")}, most=64)
    (Axis(name='T', labels=('the', 'cat')), Axis(name='C', labels=('0',)))
    """
    axes = []
    for name, size in zip(names, shape, strict=True):
        known = labels.get(name, ())
        word = "head " if name in ("H", "G") else ""
        numbered = tuple(f"{word}{index}" for index in range(min(size, most)))
        axes.append(Axis(name, known[:most] if len(known) == size else numbered))
    return tuple(axes)
