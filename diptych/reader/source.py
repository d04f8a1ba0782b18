"""The code of both sides, cut at the numbered steps, without importing either."""

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from diptych.reader.model import Code, Row, Section, Step
from diptych.reader.notes import formula_of, notes_on
from parity_tests.steps import Step as Mark
from parity_tests.steps import SteppedFunction, stepped_functions

SIDES = ("reference", "torch_impl")
BEFORE = "How each side is made, and what goes in."
CONTINUED = re.compile(r"\s*#\s{2,}(\S.*)")


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


def section(function: str, constructor: str = "") -> Section:
    """Put the steps of a function beside its twin's, by their numbers.

    Row 0 holds what comes before the first step, below the constructors of the class
    that `constructor` names.
    """
    path = "/".join(function.split(".")[:2])
    marked = [stepped(side, path, function) for side in SIDES]
    before = [
        tuple(setup(side, path, function, constructor, its_marks))
        for side, its_marks in zip(SIDES, marked, strict=True)
    ]
    rows = [Row((Step(0, BEFORE),), *before)]
    both = [m.steps if m else () for m in marked]
    cuts = [
        dict(blocks(side, path, its_marks)) if its_marks else {}
        for side, its_marks in zip(SIDES, marked, strict=True)
    ]
    for marks in aligned(*both):
        sides = [
            tuple(own[mark.start] for mark in its)
            for own, its in zip(cuts, marks, strict=True)
        ]
        finest = max(marks, key=len)
        side = SIDES[marks.index(finest)]
        steps = tuple(
            Step(m.first, sentence(side, path, m)[0], formula_of(function, m.first))
            for m in finest
        )
        rows.append(Row(steps, *sides))
    docstring = ast.get_docstring(definition(SIDES[0], path, function)) or ""
    return Section(function, docstring.partition("\n")[0], tuple(rows))


def stepped(side: str, path: str, function: str) -> SteppedFunction | None:
    """Find a function with numbered steps by its name."""
    found = stepped_functions(file_of(side, path), path.replace("/", "."))
    return next((each for each in found if each.name == function), None)


def aligned(
    left: tuple[Mark, ...], right: tuple[Mark, ...]
) -> Iterator[tuple[tuple[Mark, ...], tuple[Mark, ...]]]:
    """Cut both lists of steps wherever both have a step that ends."""
    ends = {mark.last for mark in left} & {mark.last for mark in right}
    ends.add(max(mark.last for mark in (*left, *right)))
    start = 0
    for end in sorted(ends):
        yield (
            tuple(mark for mark in left if start < mark.last <= end),
            tuple(mark for mark in right if start < mark.last <= end),
        )
        start = end


def sentence(side: str, path: str, mark: Mark) -> tuple[str, int]:
    """Read a step's whole sentence, and say on which line its code starts."""
    lines, line, parts = lines_of(side, path), mark.start, [mark.sentence]
    while more := CONTINUED.fullmatch(lines[line]):
        if more[1] not in mark.sentence:
            parts.append(more[1])
        line += 1
    return " ".join(parts), line + 1


def blocks(
    side: str, path: str, function: SteppedFunction
) -> Iterator[tuple[int, Code]]:
    """Yield the code of each step by the line of its comment; no line is lost.

    A line between two steps, such as the head of a loop, stands above the comment of
    the second, which then is shown too. The last step reaches to the function's end.
    """
    lines = lines_of(side, path)
    done = function.steps[0].start - 1
    for place, mark in enumerate(function.steps):
        between = [line for line in lines[done : mark.start - 1] if line.strip()]
        _, start = sentence(side, path, mark)
        is_last = place == len(function.steps) - 1
        end = function.end if is_last else mark.end
        start = done + 1 if between else start
        yield mark.start, cut(side, path, start, end, mark.first, mark.last)
        done = end


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


def setup(
    side: str,
    path: str,
    function: str,
    constructor: str,
    marks: SteppedFunction | None,
) -> Iterator[Code]:
    """Yield the constructor, the signature and what precedes the first step."""
    owner = function.rpartition(".")[0]
    wanted = f"{owner}.__init__" if constructor else ""
    made = definition(side, path, wanted) if wanted not in ("", function) else None
    if made:
        yield cut(side, path, made.lineno, made.end_lineno or made.lineno)
    node = definition(side, path, function)
    if node is None or marks is None:
        return
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    yield cut(side, path, node.lineno, node.body[0].lineno - 1)
    if body[0].lineno < marks.steps[0].start:
        yield cut(side, path, body[0].lineno, marks.steps[0].start - 1)


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


def sections(path: str) -> tuple[Section, ...]:
    """Cut every function that a concept's reading goes through."""
    notes = notes_on(path)
    first, *others = notes.sections
    return (section(first, notes.class_name), *(section(name) for name in others))
