"""Trailing comments such as `# (*B, H, T, D)`, read from the source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parity_tests.sources.steps import comments, definitions

AXIS = r"\*?\w+(?:[-+*]\w+)*"
ONE = rf"\((?:{AXIS}(?:, {AXIS})*,?)?\)"
CLAIMING = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return
SHAPE = re.compile(rf"#\s*({ONE}(?:, {ONE})*)\s*(?:[^,].*)?")


@dataclass(frozen=True)
class Commented:
    """One statement with a shape comment: what it stores, and the shapes it claims."""

    file: str
    line: int
    names: tuple[str, ...]
    shapes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CommentedFunction:
    """A function with shape comments: its statements by line, and its signature."""

    name: str
    arguments: dict[str, tuple[str, ...]]
    lines: dict[int, Commented]


@cache
def commented_functions(path: Path) -> tuple[CommentedFunction, ...]:
    """Find every function of a file that has shape comments."""
    source = path.read_text(encoding="utf-8")
    claims = dict(shape_comments(source))
    found = []
    for owner, node in definitions(ast.parse(source)):
        lines: dict[int, Commented] = {}
        for statement in ast.walk(node):
            if isinstance(statement, CLAIMING):
                last = statement.end_lineno or statement.lineno
                if last in claims:
                    claim = Commented(str(path), last, targets(statement), claims[last])
                    span = range(statement.lineno, last + 1)
                    lines |= dict.fromkeys(span, claim)
        if lines:
            found.append(CommentedFunction(owner + node.name, annotated(node), lines))
    return tuple(found)


def shape_comments(source: str) -> Iterator[tuple[int, tuple[tuple[str, ...], ...]]]:
    """Yield the lines that have a shape comment behind code, and the shapes."""
    for line, comment, alone in comments(source):
        if not alone and (match := SHAPE.fullmatch(comment)):
            yield line, tuple(map(axes, re.findall(r"\(([^()]*)\)", match[1])))


def axes(shape: str) -> tuple[str, ...]:
    """Read the axes of a shape: `*B, T, N-1` or, in a signature, `*B T N-1`."""
    return tuple(re.split(r"[,\s]+", shape.strip(" ,"))) if shape.strip(" ,") else ()


def targets(statement: ast.stmt) -> tuple[str, ...]:
    """Name what an assignment stores; what is returned is called `return`."""
    if isinstance(statement, ast.Return):
        value = statement.value
        return ("return",) * (len(value.elts) if isinstance(value, ast.Tuple) else 1)
    left = next(n for n in ast.iter_child_nodes(statement) if isinstance(n, ast.expr))
    entries = left.elts if isinstance(left, ast.Tuple) else [left]
    return tuple(ast.unparse(entry) for entry in entries)


def annotated(node: ast.FunctionDef) -> dict[str, tuple[str, ...]]:
    """Read the shapes that a signature gives to its arguments."""
    found = {}
    for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
        for part in ast.walk(argument.annotation) if argument.annotation else []:
            match part:
                case ast.Subscript(slice=ast.Tuple(elts=[*_, ast.Constant(str(s))])):
                    found[argument.arg] = axes(s)
    return found
