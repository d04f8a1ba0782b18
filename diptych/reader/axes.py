"""Which axis is which: read from the shape comments and annotations in the source."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

from diptych.reader.files import definition, lines_of
from diptych.reader.model import Axis

Labels = Mapping[str, tuple[str, ...]]
COMMENT = re.compile(r"#\s*(?:(\w+) × )?\(([^()]*)\)\s*$")


@cache
def axes_in(path: str, function: str) -> Mapping[str, tuple[str, ...]]:
    """Read the axes of every name of a function: as the reference has them, if it does.

    >>> axes_in("attention/causal", "attention.causal.CausalAttention.forward")["kept"]
    ('*B', 'T', 'T')
    """
    found: dict[str, tuple[str, ...]] = {}
    for side in ("torch_impl", "reference"):
        if node := definition(side, path, function):
            found |= dict(annotated(node))
            found |= dict(commented(node, lines_of(side, path)))
    return found


def annotated(node: ast.FunctionDef) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the axes of every argument, from its annotation."""
    for argument in [*node.args.args, *node.args.kwonlyargs]:
        for part in ast.walk(argument.annotation or ast.Module([], [])):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield argument.arg, tuple(part.value.split())


def commented(
    node: ast.FunctionDef, lines: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the axes of every assignment that ends in a comment such as `# (T, D)`.

    A row of arrays has its own axis before theirs: `# H × (T, D)`.
    """
    for part in ast.walk(node):
        if not isinstance(part, ast.Assign | ast.AnnAssign) or not part.end_lineno:
            continue
        if match := COMMENT.search(lines[part.end_lineno - 1]):
            own = (axis.strip() for axis in match[2].split(","))
            axes = (*filter(None, [match[1]]), *filter(None, own))
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            yield from ((ast.unparse(target), axes) for target in targets)


def named(
    name: str,
    shape: tuple[int, ...],
    axes: Mapping[str, tuple[str, ...]],
    shapes: Mapping[str, tuple[int, ...]],
) -> tuple[str, ...]:
    """Name the axes of an array; an uncommented one has those of its neighbours.

    >>> axes, shapes = {"a": ("T", "D")}, {"a": (5, 3), "highest": (5, 1)}
    >>> named("highest", (5, 1), axes, shapes)
    ('T', '')
    """
    if name in axes:
        return fitted(axes[name], len(shape))
    for other, its_shape in shapes.items():
        alike = len(its_shape) == len(shape) and all(
            size in (1, its) for size, its in zip(shape, its_shape, strict=True)
        )
        if other in axes and alike:
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
    """Label the first places of each axis: by what is known of it, or by number.

    >>> labelled((2, 1), ("T", "C"), {"T": ("the", "cat")}, most=64)
    (Axis(name='T', labels=('the', 'cat')), Axis(name='C', labels=('0',)))
    """
    axes = []
    for name, size in zip(names, shape, strict=True):
        known = labels.get(name, ())
        numbered = tuple(str(place) for place in range(min(size, most)))
        axes.append(Axis(name, known[:most] if len(known) == size else numbered))
    return tuple(axes)
