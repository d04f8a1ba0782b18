"""The numbered steps of a source file, found without running it.

A step is a comment alone on its line inside a function: `# 3. Hide the future.` A
range, `# 2-5. …`, is one call that does several steps of the twin. A step reaches to
the next such comment or to the end of the function.
"""

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MARK = re.compile(r"#\s*(\d+)(?:-(\d+))?\.\s+(.+)")


@dataclass(frozen=True)
class Step:
    """One numbered step: which numbers it covers, its sentence, lines and names."""

    first: int
    last: int
    sentence: str
    start: int
    end: int
    names: frozenset[str]


@dataclass(frozen=True)
class SteppedFunction:
    """A function with numbered steps, by its name within the package."""

    name: str
    line: int
    end: int
    steps: tuple[Step, ...]

    def step_at(self, line: int) -> int:
        """Return the index of the step that `line` belongs to, -1 before the first."""
        return sum(step.start <= line for step in self.steps) - 1


@cache
def stepped_functions(path: Path, module: str) -> tuple[SteppedFunction, ...]:
    """Find every function in the file that has numbered steps."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    marks = comments(source)
    functions = []
    for owner, node in definitions(tree):
        inner = [other for _, other in definitions(node)]
        lines = [
            line
            for line in marks
            if node.lineno < line <= (node.end_lineno or 0)
            and not any(o.lineno <= line <= (o.end_lineno or 0) for o in inner)
        ]
        if lines:
            end = node.end_lineno or node.lineno
            steps = tuple(
                step(marks[start], start, stop - 1, node)
                for start, stop in zip(lines, [*lines[1:], end + 1], strict=True)
            )
            name = f"{module}.{owner}{node.name}".replace("__call__", "forward")
            functions.append(SteppedFunction(name, node.lineno, end, steps))
    return tuple(functions)


def comments(source: str) -> dict[int, re.Match[str]]:
    """Find the step comments by line; only those that stand alone on it count."""
    found = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        alone = token.line.strip() == token.string
        if token.type == tokenize.COMMENT and alone:
            if match := MARK.fullmatch(token.string):
                found[token.start[0]] = match
    return found


def definitions(
    tree: ast.AST, owner: str = ""
) -> list[tuple[str, ast.FunctionDef]]:
    """List every function below `tree`, with the classes and functions around it."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found.append((owner, node))
            found += definitions(node, f"{owner}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            found += definitions(node, f"{owner}{node.name}.")
        else:
            found += definitions(node, owner)
    return found


def step(mark: re.Match[str], start: int, end: int, function: ast.AST) -> Step:
    """Read one step: its numbers, its sentence, and the names it gives values to."""
    first = int(mark[1])
    names = {
        name
        for node in ast.walk(function)
        if start <= getattr(node, "lineno", 0) <= end
        for name in assigned(node)
    }
    return Step(first, int(mark[2] or first), mark[3], start, end, frozenset(names))


def assigned(node: ast.AST) -> list[str]:
    """Name what a node stores: `x = …`, `x[i] = …`, `self.x = …`, `x += …`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        return assigned_name(node.value)
    stores = isinstance(getattr(node, "ctx", None), ast.Store)
    return assigned_name(node) if stores else []


def assigned_name(node: ast.AST) -> list[str]:
    """Name a variable, or an attribute of `self`."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"{node.value.id}.{node.attr}"]
    return []
