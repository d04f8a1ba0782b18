"""Where the right lines of a patch stand in a source, and what it is with others."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import NamedTuple

from parity_tests.known_mistakes.mistake import Edit, Mistake
from parity_tests.sources.panels import module_name, root, text, tree
from parity_tests.sources.steps import definitions, stepped_functions

Lines = tuple[int, int]


class Change(NamedTuple):
    """Whole lines of a source before and after a patch, and the number of the first."""

    line: int
    right: list[str]
    wrong: list[str]


class Place(NamedTuple):
    """Where right lines are in a source, and what stands there instead."""

    start: int
    end: int
    right: str
    wrong: str


@cache
def source_of(file: str) -> str:
    """Read a source of the reference."""
    return text("reference", file)


@cache
def regions(file: str) -> dict[str, list[Lines]]:
    """Find the first and last line of every step, function and constant, by name.

    Several may have one name. The steps of a backward pass repeat those of the forward
    pass, so they go by the name of their function alone.
    """
    found: dict[str, list[Lines]] = defaultdict(list)
    path, module = root("reference") / file, tree("reference", file)
    for function in stepped_functions(path, module_name(file)):
        if not function.name.endswith("backward"):
            for step in function.steps:
                term = step.sentence.partition(":")[0]
                found[term].append((step.start, step.end))
    named: list[tuple[str, ast.stmt]] = [(n.name, n) for _, n in definitions(module)]
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.append((node.targets[0].id, node))
    for name, node in named:
        found[name].append((node.lineno, node.end_lineno or node.lineno))
    return found


def fits(file: str, edits: Iterable[Edit]) -> bool:
    """Whether the right lines of every edit stand in its step exactly once."""
    return all(len(places(file, edit)) == 1 for edit in edits)


def places(file: str, edit: Edit) -> list[Place]:
    """Find the right lines of an edit wherever they stand in its step."""
    source, found = source_of(file), []
    steps = edit.step.split(" | ")
    for first, last in chain(*(regions(file).get(step, ()) for step in steps)):
        start, end = start_of(source, first), start_of(source, last + 1)
        first_line = re.compile(re.escape(edit.right.partition("\n")[0]))
        for hit in first_line.finditer(source, start, end):
            line = source[source.rfind("\n", 0, hit.start()) + 1 :]
            indent = line[: len(line) - len(line.lstrip(" "))]
            right, wrong = (lines.replace("\n", f"\n{indent}") for lines in edit[1:])
            if source.startswith(right, hit.start()):
                until = hit.start() + len(right)
                found.append(Place(hit.start(), until, right, wrong))
    return found


def start_of(source: str, line: int) -> int:
    """Return the index at which a line begins; lines count from 1."""
    return sum(len(each) for each in source.splitlines(keepends=True)[: line - 1])


def patched_source(mistake: Mistake) -> str:
    """Return the source of the file with the mistake in it."""
    source = source_of(mistake.file)
    for place in sorted(all_places(mistake), reverse=True):
        source = source[: place.start] + place.wrong + source[place.end :]
    return source


def changes(mistake: Mistake) -> list[Change]:
    """Show every place of a mistake in whole lines, indented as in the file."""
    source, shown = source_of(mistake.file), []
    for start, end, *both in all_places(mistake):
        first = source.rfind("\n", 0, start) + 1
        before, after = source[first:start], source[end:].partition("\n")[0]
        right, wrong = ((before + lines + after).split("\n") for lines in both)
        shown.append(Change(source.count("\n", 0, first) + 1, right, wrong))
    return shown


def all_places(mistake: Mistake) -> list[Place]:
    """Find the one place of every edit."""
    return [places(mistake.file, edit)[0] for edit in mistake.edits]
