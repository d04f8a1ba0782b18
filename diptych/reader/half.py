"""One backend of a function, cut at its numbered steps."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from diptych.reader.files import (
    cut,
    definition,
    lines_of,
    stepped,
    torch_code,
)
from diptych.reader.model import Code, Function
from parity_tests.sources.steps import Step as Mark
from parity_tests.sources.steps import SteppedFunction


@dataclass(frozen=True)
class Half:
    """One backend's steps, and by the line of each its sentence and its code."""

    marks: tuple[Mark, ...] = ()
    before: tuple[Code, ...] = ()
    sentences: Mapping[int, str] = field(default_factory=dict)
    codes: Mapping[int, Code] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """The number of the last step, 0 where there is none."""
        return self.marks[-1].last if self.marks else 0


def half(package: str, function: Function, with_constructor: bool) -> Half:
    """Cut one backend of a function at its steps; a backend may lack the function."""
    marked = stepped(package, function)
    before = tuple(setup(package, function, marked, with_constructor))
    if marked is None:
        return Half((), before)
    sentences = {m.start: sentence(package, function.path, m)[0] for m in marked.steps}
    codes = dict(blocks(package, function.path, marked))
    return Half(marked.steps, before, sentences, codes)


def fused(function: Function, last: int) -> Half | None:
    """Show PyTorch's own as one call for all steps, where `torch_impl` has no file."""
    code = torch_code(function.path)
    if code is None or last == 0:
        return None
    mark = Mark(1, last, "", code.line, code.line, frozenset())
    call = Code(code.path, code.line, code.text, 1, last)
    return Half((mark,), (), {code.line: ""}, {code.line: call})


def sentence(package: str, path: str, mark: Mark) -> tuple[str, int]:
    """Read a step's whole sentence, and say on which line its code starts."""
    lines, line, parts = lines_of(package, path), mark.start, [mark.sentence]
    while more := continued(lines[line], parts[-1]):
        parts.append(more)
        line += 1
    return " ".join(parts), line + 1


def continued(line: str, before: str) -> str:
    """Return what a comment adds to a sentence that has not ended yet.

    >>> continued("    # the position embeddings.", "all texts share")
    'the position embeddings.'
    >>> continued("    # Another one.", "This one has ended."), continued("x = 1", "So")
    ('', '')
    """
    if before.endswith((".", "?", "!")):
        return ""
    return line.strip().removeprefix("# ") if line.strip().startswith("# ") else ""


def blocks(
    package: str, path: str, function: SteppedFunction
) -> Iterator[tuple[int, Code]]:
    """Yield the code of each step by the line of its comment; no line is lost.

    A line between two steps, such as the head of a loop, is above the comment of
    the second, which then is shown too. The last step reaches to the function's end.
    """
    lines = lines_of(package, path)
    done = function.steps[0].start - 1
    for number, mark in enumerate(function.steps):
        between = [line for line in lines[done : mark.start - 1] if line.strip()]
        _, start = sentence(package, path, mark)
        is_last = number == len(function.steps) - 1
        end = function.end if is_last else mark.end
        start = done + 1 if between else start
        yield mark.start, cut(package, path, start, end, mark.first, mark.last)
        done = end


def setup(
    package: str,
    function: Function,
    marked: SteppedFunction | None,
    with_constructor: bool,
) -> Iterator[Code]:
    """Yield the constructor, the signature and what precedes the first step.

    Of a function without steps, all is yielded.
    """
    path = function.path
    owner, _, _ = function.title.rpartition(".")
    made_by = Function(path, f"{owner}.__init__")
    wanted = with_constructor and owner and made_by != function
    if wanted and (made := definition(package, made_by)):
        yield cut(package, path, made.lineno, made.end_lineno or made.lineno)
    node = definition(package, function)
    if node is None:
        return
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    yield cut(package, path, node.lineno, node.body[0].lineno - 1)
    until = marked.steps[0].start if marked else (node.end_lineno or 0) + 1
    if body and body[0].lineno < until:
        yield cut(package, path, body[0].lineno, until - 1)
