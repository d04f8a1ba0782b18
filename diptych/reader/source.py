"""The code of both backends, cut at the numbered steps and put side by side."""

from collections.abc import Iterator

from diptych.reader.files import (
    REFERENCE,
    TORCH,
    definition,
    first_sentence,
    functions_in,
    has_file,
)
from diptych.reader.half import Half, fused, half
from diptych.reader.model import Function, Row, Section, Step
from diptych.reader.notes import formula_of, notes_on
from parity_tests.sources.panels import subject
from parity_tests.sources.steps import Step as Mark

BEFORE = "How each backend is made, and what goes in."
BACKWARD = "What backward begins with: a gradient of the output, here drawn at random."
AUTOGRAD = "autograd does this"


def functions(path: str) -> tuple[Function, ...]:
    """List the functions that a reading goes through: as the notes say, or all.

    >>> functions("attention/causal")
    (Function(path='attention/causal', title='CausalAttention.forward'),)
    """
    if said := notes_on(path).sections:
        parts = (each.rpartition(":") for each in said)
        return tuple(Function(file or path, title) for file, _, title in parts)
    found = [f for package in (REFERENCE, TORCH) for f in functions_in(package, path)]
    titles = dict.fromkeys(f.name.removeprefix(f"{f.module}.") for f in found)
    own = [Function(path, title) for title in titles]
    first = subject(path)
    ours = [each for each in own if not each.is_backward]
    if not ours:  # without numbered steps all of it is one row
        is_method = definition(REFERENCE, Function(path, f"{first}.forward"))
        ours = [Function(path, f"{first}.forward" if is_method else first)]
    return tuple(sorted(ours, key=lambda f: not f.title.startswith(first)))


def sections(path: str) -> tuple[Section, ...]:
    """Cut every function that a pair's reading goes through."""
    first, *others = functions(path)
    return (section(first, True), *(section(each) for each in others))


def backward_sections(path: str) -> tuple[Section, ...]:
    """Cut the backward of each of these functions, where the reference has one."""
    return tuple(
        backward_section(backward)
        for backward in map(backward_of, functions(path))
        if definition(REFERENCE, backward)
    )


def backward_of(function: Function) -> Function:
    """Name the backward of a function.

    >>> backward_of(Function("a/b", "b")).title
    'b_backward'
    >>> backward_of(Function("a/b", "B.forward")).title
    'B.backward'
    """
    if function.title.endswith(".forward"):
        title = function.title.removesuffix("forward") + "backward"
        return Function(function.path, title)
    return Function(function.path, f"{function.title}_backward")


def forward_of(backward: Function) -> Function:
    """Name the function whose backward this is.

    >>> forward_of(Function("a/b", "b_backward")).title
    'b'
    >>> forward_of(Function("a/b", "B.backward")).title
    'B.forward'
    """
    owner, _, last = backward.title.rpartition(".")
    if last == "backward":
        return Function(backward.path, f"{owner}.forward")
    return Function(backward.path, backward.title.removesuffix("_backward"))


def backward_section(function: Function) -> Section:
    """Cut a function of the reference alone: PyTorch leaves this to autograd."""
    ours = half(REFERENCE, function, False)
    start = Row((Step(0, BACKWARD),), ours.before, (), idle=AUTOGRAD)
    rows = (
        row(function, ours, Half(), (mark,), (), idle=AUTOGRAD) for mark in ours.marks
    )
    return Section(function, first_sentence(function), (start, *rows))


def section(function: Function, with_constructor: bool = False) -> Section:
    """Put the steps of a function beside its twin's, by their numbers.

    Row 0 holds what comes before the first step, below the constructors if wanted.
    """
    left = half(REFERENCE, function, with_constructor)
    right = half(TORCH, function, with_constructor)
    if not right.marks:
        right = fused(function, left.last) or right
    idle = idle_of(function, left, right)
    rows = [
        Row((Step(0, BEFORE),), left.before, right.before),
        *(
            row(function, left, right, ours, theirs, idle)
            for ours, theirs in aligned(left.marks, right.marks)
        ),
    ]
    return Section(function, first_sentence(function), tuple(rows))


def idle_of(function: Function, left: Half, right: Half) -> str:
    """Say why a panel has no code for the steps of the other."""
    if left.marks and right.marks:
        return "nothing to do here"
    if not has_file(TORCH, function.path):
        return "PyTorch's own does this"
    return "another function does this here"


def row(
    function: Function,
    left: Half,
    right: Half,
    ours: tuple[Mark, ...],
    theirs: tuple[Mark, ...],
    idle: str,
) -> Row:
    """Put steps side by side; the panel that has more of them says what each is."""
    marks, finer = (theirs, right) if len(theirs) > len(ours) else (ours, left)
    sentences = [(mark.first, finer.sentences[mark.start]) for mark in marks]
    return Row(
        tuple(Step(n, said, formula_of(function, said)) for n, said in sentences),
        tuple(left.codes[mark.start] for mark in ours),
        tuple(right.codes[mark.start] for mark in theirs),
        idle=idle,
    )


def aligned(
    left: tuple[Mark, ...], right: tuple[Mark, ...]
) -> Iterator[tuple[tuple[Mark, ...], tuple[Mark, ...]]]:
    """Cut both lists of steps wherever both have a step that ends.

    Where one list is empty, the other is cut at all of its steps.
    """
    ends = {mark.last for mark in left or right} & {mark.last for mark in right or left}
    if left or right:
        ends.add(max(mark.last for mark in (*left, *right)))
    start = 0
    for end in sorted(ends):
        yield (
            tuple(mark for mark in left if start < mark.last <= end),
            tuple(mark for mark in right if start < mark.last <= end),
        )
        start = end
