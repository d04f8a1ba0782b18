"""The code of both sides, cut at the numbered steps and put side by side."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diptych.reader.files import (
    SIDES,
    cut,
    definition,
    first_sentence,
    lines_of,
    stepped,
)
from diptych.reader.model import Code, Row, Section, Step
from diptych.reader.notes import formula_of, notes_on
from parity_tests.steps import Step as Mark
from parity_tests.steps import SteppedFunction

BEFORE = "How each side is made, and what goes in."
RETURNING = "What comes back: a gradient of the result, here drawn at random."
AUTOGRAD = "autograd does this"
CONTINUED = re.compile(r"\s*#\s{2,}(\S.*)")


@dataclass(frozen=True)
class Half:
    """One side of a function: its steps, and by the line of each its words and code."""

    marks: tuple[Mark, ...]
    before: tuple[Code, ...]
    sentences: Mapping[int, str]
    codes: Mapping[int, Code]


def sections(path: str) -> tuple[Section, ...]:
    """Cut every function that a concept's reading goes through."""
    first, *others = notes_on(path).sections
    return (section(first, True), *(section(name) for name in others))


def ways_back(path: str) -> tuple[Section, ...]:
    """Cut the way back through these functions, where the reference has one."""
    functions = (
        name.replace(".forward", ".backward") for name in notes_on(path).sections
    )
    return tuple(
        way_back(name)
        for name in functions
        if name.endswith(".backward") and stepped("reference", file_in(name), name)
    )


def way_back(function: str) -> Section:
    """Cut a function of the reference alone: PyTorch leaves this to autograd."""
    path = file_in(function)
    ours = half("reference", path, function, False)
    steps = (
        Row(
            (
                Step(
                    mark.first,
                    ours.sentences[mark.start],
                    formula_of(function, mark.first),
                ),
            ),
            (ours.codes[mark.start],),
            (),
            idle=AUTOGRAD,
        )
        for mark in ours.marks
    )
    start = Row((Step(0, RETURNING),), ours.before, (), idle=AUTOGRAD)
    return Section(function, first_sentence(path, function), (start, *steps))


def file_in(function: str) -> str:
    """Name the file of a function.

    >>> file_in("attention.causal.CausalAttention.forward")
    'attention/causal'
    """
    return "/".join(function.split(".")[:2])


def section(function: str, with_constructor: bool = False) -> Section:
    """Put the steps of a function beside its twin's, by their numbers.

    Row 0 holds what comes before the first step, below the constructors if wanted.
    """
    path = file_in(function)
    left, right = (half(side, path, function, with_constructor) for side in SIDES)
    rows = [
        Row((Step(0, BEFORE),), left.before, right.before),
        *(
            row(function, left, right, ours, theirs)
            for ours, theirs in aligned(left.marks, right.marks)
        ),
    ]
    return Section(function, first_sentence(path, function), tuple(rows))


def half(side: str, path: str, function: str, with_constructor: bool) -> Half:
    """Cut one side of a function at its steps; a side may lack the function."""
    marked = stepped(side, path, function)
    before = tuple(setup(side, path, function, marked, with_constructor))
    if marked is None:
        return Half((), before, {}, {})
    sentences = {m.start: sentence(side, path, m)[0] for m in marked.steps}
    return Half(marked.steps, before, sentences, dict(blocks(side, path, marked)))


def row(
    function: str,
    left: Half,
    right: Half,
    ours: tuple[Mark, ...],
    theirs: tuple[Mark, ...],
) -> Row:
    """Put steps side by side; the side that has more of them says what each is."""
    marks, told = (theirs, right) if len(theirs) > len(ours) else (ours, left)
    steps = tuple(
        Step(mark.first, told.sentences[mark.start], formula_of(function, mark.first))
        for mark in marks
    )
    return Row(
        steps,
        tuple(left.codes[mark.start] for mark in ours),
        tuple(right.codes[mark.start] for mark in theirs),
    )


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


def setup(
    side: str,
    path: str,
    function: str,
    marked: SteppedFunction | None,
    with_constructor: bool,
) -> Iterator[Code]:
    """Yield the constructor, the signature and what precedes the first step."""
    made_by = f"{function.rpartition('.')[0]}.__init__"
    wanted = with_constructor and made_by != function
    if wanted and (made := definition(side, path, made_by)):
        yield cut(side, path, made.lineno, made.end_lineno or made.lineno)
    node = definition(side, path, function)
    if node is None or marked is None:
        return
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    yield cut(side, path, node.lineno, node.body[0].lineno - 1)
    if body[0].lineno < marked.steps[0].start:
        yield cut(side, path, body[0].lineno, marked.steps[0].start - 1)
