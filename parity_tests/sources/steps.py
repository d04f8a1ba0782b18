"""The numbered steps of a source file, found without running it.

A step is a comment alone on its line inside a function: `# 3. Hide the future.` A
range, `# 2-5. …`, is one call that does several steps of the twin. A step reaches to
the next such comment or to the end of its block; the head of a loop (or of an `if`)
that has steps inside belongs to a step only when it stands right below its comment.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parity_tests.sources.step_lines import OUTSIDE, parts, span
from parity_tests.sources.stored_names import stored_names

MUTANT = re.compile(r"\bx(?:ǁ[^ǁ]+ǁ|_)([^ǁ]+?)__mutmut_\w+")
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

    @property
    def number(self) -> str:
        """The number as it stands in the source: `3`, or `2-5`."""
        return f"{self.first}-{self.last}" if self.last > self.first else f"{self.last}"


@dataclass(frozen=True)
class SteppedFunction:
    """A function with numbered steps, by its name within the package.

    `written` is the name in the source; only mutation testing makes the two differ.
    """

    name: str
    written: str
    module: str
    line: int
    end: int
    steps: tuple[Step, ...]
    places: dict[int, int]

    def step_at(self, line: int) -> int:
        """Return the index of the step that `line` belongs to, or `OUTSIDE`."""
        return self.places.get(line, OUTSIDE)


@cache
def stepped_functions(path: Path, module: str) -> tuple[SteppedFunction, ...]:
    """Find every function in the file that has numbered steps."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    marks = {
        line: match
        for line, comment, alone in comments(source)
        if alone and (match := MARK.fullmatch(comment))
    }
    functions = []
    for owner, node in definitions(tree):
        inner = [span(other) for _, other in definitions(node)]
        own = {
            line: mark
            for line, mark in marks.items()
            if line in span(node) and not any(line in lines for lines in inner)
        }
        if own:
            name = f"{owner}{node.name}".replace("__call__", "forward")
            functions.append(stepped(name, module, node, own))
    return tuple(functions)


def comments(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the line of each comment, its text, and whether it stands alone there."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string, token.line.strip() == token.string


def definitions(tree: ast.AST, owner: str = "") -> list[tuple[str, ast.FunctionDef]]:
    """List every function below `tree`, with the classes and functions around it."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found.append((owner, node))
            found += definitions(node, f"{owner}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            found += definitions(node, f"{owner}{node.name}.")
        elif not isinstance(node, ast.expr):  # which holds none
            found += definitions(node, owner)
    return found


def stepped(
    name: str, module: str, node: ast.FunctionDef, marks: dict[int, re.Match[str]]
) -> SteppedFunction:
    """Read the steps of one function: the lines of each, and the names it stores."""
    starts = list(marks)
    places: dict[int, int] = {}
    names: list[set[str]] = [set() for _ in starts]
    for part, lines, place in parts(node.body, node.lineno, starts):
        places |= dict.fromkeys(lines, place)
        if place != OUTSIDE:
            names[place] |= stored_names(part)
    steps = []
    for place, start in enumerate(starts):
        first, last = int(marks[start][1]), int(marks[start][2] or marks[start][1])
        end = max([line for line in places if places[line] == place], default=start)
        stored = frozenset(names[place])
        steps.append(Step(first, last, marks[start][3], start, end, stored))
    own, written = f"{module}.{unmutated(name)}", f"{module}.{name}"
    first, last = node.lineno, max(span(node))
    return SteppedFunction(own, written, module, first, last, tuple(steps), places)


def unmutated(name: str) -> str:
    """Return the name of a function that mutmut copied, as it was before.

    >>> unmutated("Causal.xǁCausalǁforward__mutmut_3"), unmutated("x_split__mutmut_12")
    ('Causal.forward', 'split')
    """
    return MUTANT.sub(r"\1", name)
