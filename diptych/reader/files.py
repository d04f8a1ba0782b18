"""The source files of both sides, read without importing either."""

import ast
import textwrap
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from diptych.reader.model import Code
from parity_tests.steps import SteppedFunction, stepped_functions

SIDES = ("reference", "torch_impl")


@cache
def file_of(side: str, path: str) -> Path:
    """Find a source file of one side without importing the package."""
    spec = find_spec(side)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{side} is not installed")
    return Path(spec.origin).parent / f"{path}.py"


@cache
def lines_of(side: str, path: str) -> tuple[str, ...]:
    """Read the lines of a source file."""
    return tuple(file_of(side, path).read_text(encoding="utf-8").splitlines())


def cut(
    side: str, path: str, start: int, end: int, first: int = 0, last: int = 0
) -> Code:
    """Cut lines `start` to `end` out of a file, less blank ones around them."""
    lines = lines_of(side, path)
    while start < end and not lines[start - 1].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    text = textwrap.dedent("\n".join(lines[start - 1 : end]))
    return Code(f"{side}/{path}.py", start, text, first, last)


def stepped(side: str, path: str, function: str) -> SteppedFunction | None:
    """Find a function with numbered steps by its name."""
    found = stepped_functions(file_of(side, path), path.replace("/", "."))
    return next((each for each in found if each.name == function), None)


@cache
def definition(side: str, path: str, function: str) -> ast.FunctionDef | None:
    """Find where a function is defined; `forward` may be called `__call__`."""
    parts = function.split(".")[2:]
    node: ast.AST = ast.parse("\n".join(lines_of(side, path)))
    for part in parts:
        names = {part, "__call__"} if part == "forward" else {part}
        for child in ast.iter_child_nodes(node):
            if (
                isinstance(child, ast.FunctionDef | ast.ClassDef)
                and child.name in names
            ):
                node = child
                break
        else:
            return None
    return node if isinstance(node, ast.FunctionDef) else None


def docstring_of(path: str) -> str:
    """Return the docstring of a reference file."""
    tree = ast.parse("\n".join(lines_of("reference", path)))
    return ast.get_docstring(tree) or ""


def first_sentence(path: str, function: str) -> str:
    """Return what the reference's docstring says first."""
    node = definition("reference", path, function)
    said = ast.get_docstring(node) if node else None
    return (said or "").partition("\n")[0]
